// Holds the memory of an ArrayBuffer, which a reference to the object does not: a buffer that is
// transferred, or whose receiver collects it, takes its bytes along. V8 counts the references to
// the memory itself in a std::shared_ptr<v8::BackingStore>, which Node-API does not hand out and
// v8::ArrayBuffer::GetBackingStore() does.
//
// Node exports these functions, and they have not changed since Node 14. They are looked up at run
// time; where one is missing, or std::shared_ptr is another library's (Electron), or the engine is
// another one (Bun, Deno), inputs are copied instead.

#include <cstddef>
#include <memory>
#include <new>

#if !defined(_WIN32)
#include <dlfcn.h>
#endif

namespace {

using Store = std::shared_ptr<void>;

// On the Itanium C++ ABI a member function takes `this` as its first argument, and a class with a
// destructor is returned through a pointer that the caller passes, as for a free function.
using GetBackingStore = Store (*)(void* array_buffer);
using IsFlag = bool (*)(const void* store);
using GetData = void* (*)(const void* store);

struct Functions {
  GetBackingStore get;
  IsFlag is_shared;
  IsFlag is_resizable;
  GetData data;
};

template <typename Function>
bool look_up(Function* function, const char* symbol) {
#if defined(_WIN32)
  (void)function;
  (void)symbol;
  return false;
#else
  *function = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, symbol));
  return *function != nullptr;
#endif
}

// The name of a function that takes a shared_ptr tells whose shared_ptr node was built with.
#if defined(_LIBCPP_VERSION)
constexpr const char* kSameLibrary =
    "_ZN2v811ArrayBuffer3NewEPNS_7IsolateENSt3__110shared_ptrINS_12BackingStoreEEE";
#else
constexpr const char* kSameLibrary =
    "_ZN2v811ArrayBuffer3NewEPNS_7IsolateESt10shared_ptrINS_12BackingStoreEE";
#endif

bool load(Functions* functions) {
  void (*same_library)() = nullptr;
  return look_up(&same_library, kSameLibrary) &&
         look_up(&functions->get, "_ZN2v811ArrayBuffer15GetBackingStoreEv") &&
         look_up(&functions->is_shared, "_ZNK2v812BackingStore8IsSharedEv") &&
         look_up(&functions->is_resizable,
                 "_ZNK2v812BackingStore27IsResizableByUserJavaScriptEv") &&
         look_up(&functions->data, "_ZNK2v812BackingStore4DataEv");
}

Functions functions;

}  // namespace

extern "C" {

// The layout of OffloopHold in backing_store.rs.
struct OffloopHold {
  alignas(Store) unsigned char store[sizeof(Store)];
};
static_assert(sizeof(OffloopHold) == 2 * sizeof(void*), "a shared_ptr is two pointers");

// Finds the functions. Called once, before any other; false where memory cannot be held.
bool offloop_hold_load() { return load(&functions); }

// Takes a reference to the memory behind `array_buffer`, the slot of a v8::Local<v8::ArrayBuffer>.
// False, with nothing taken, where JavaScript can unmap it under the holder, and where it does not
// begin at `expected`, so that the assumptions of this file do not hold.
bool offloop_hold_acquire(void* array_buffer, const void* expected, OffloopHold* hold) {
  Store store = functions.get(array_buffer);
  if (!store || functions.data(store.get()) != expected) return false;
  // A shared buffer only grows, in memory that is reserved from the start.
  if (functions.is_resizable(store.get()) && !functions.is_shared(store.get())) return false;
  new (hold->store) Store(std::move(store));
  return true;
}

// Drops what offloop_hold_acquire took. On any thread.
void offloop_hold_release(OffloopHold* hold) {
  reinterpret_cast<Store*>(hold->store)->~Store();
}
}
