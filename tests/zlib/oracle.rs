//! Other implementations: libdeflate, zlib-rs with windows of its own, brotli and Zstandard in Rust.

use std::io::{Read, Write};

use brotli::{BrotliDecompress, CompressorWriter};
use libdeflater::{CompressionLvl, Compressor, Decompressor};
use offloop::ops::zlib::{Deflate, Encoding, Strategy, Wrapper, Zstd};
use ruzstd::decoding::{Dictionary, FrameDecoder, StreamingDecoder};
use zlib_rs::{DeflateConfig, DeflateFlush, InflateError, InflateFlush, Status};

const DICTIONARY_MAGIC: &[u8] = &[0x37, 0xa4, 0x30, 0xec];

/// The `length` bytes that `packed` is, if it is exactly one stream of them.
pub(crate) fn read(encoding: &Encoding, packed: &[u8], length: usize) -> Option<Vec<u8>> {
    match encoding {
        Encoding::Deflate(settings) if has_dictionary(settings) => inflate(settings, packed),
        Encoding::Deflate(settings) => {
            if settings.window_bits < 15 {
                inflate(settings, packed)?;
            }
            libdeflate(settings.wrapper, packed, length)
        }
        Encoding::Brotli(_) => {
            let mut out = Vec::new();
            BrotliDecompress(&mut &*packed, &mut out).ok()?;
            Some(out)
        }
        Encoding::Zstd(settings) => {
            let dictionary = &settings.dictionary;
            if dictionary.is_empty() || dictionary.starts_with(DICTIONARY_MAGIC) {
                ruzstd(dictionary, packed)
            } else {
                // The other decoder has no dictionaries of any content.
                let mut decoder = zstd::bulk::Decompressor::with_dictionary(dictionary).ok()?;
                decoder.decompress(packed, length).ok()
            }
        }
    }
}

fn has_dictionary(settings: &Deflate) -> bool {
    settings.wrapper != Wrapper::Gzip && !settings.dictionary.is_empty()
}

fn libdeflate(wrapper: Wrapper, packed: &[u8], length: usize) -> Option<Vec<u8>> {
    let (mut decompressor, mut out) = (Decompressor::new(), vec![0; length]);
    let written = match wrapper {
        Wrapper::Gzip => decompressor.gzip_decompress(packed, &mut out),
        Wrapper::Zlib => decompressor.zlib_decompress(packed, &mut out),
        Wrapper::Raw => decompressor.deflate_decompress(packed, &mut out),
    };
    (written == Ok(length)).then_some(out)
}

/// In pieces so small that a match from before the window is refused.
fn inflate(settings: &Deflate, packed: &[u8]) -> Option<Vec<u8>> {
    let bits = settings.window_bits;
    let mut inflate = match settings.wrapper {
        Wrapper::Gzip => zlib_rs::Inflate::new(true, 16 + bits),
        Wrapper::Zlib => zlib_rs::Inflate::new(true, bits),
        Wrapper::Raw => zlib_rs::Inflate::new(false, bits),
    };
    if settings.wrapper == Wrapper::Raw && !settings.dictionary.is_empty() {
        inflate.set_dictionary(&settings.dictionary).ok()?;
    }
    let (mut out, mut room) = (Vec::new(), [0; 61]);
    loop {
        let before = (inflate.total_in(), inflate.total_out());
        let from = usize::try_from(before.0).expect("an offset");
        let result = inflate.decompress(&packed[from..], &mut room, InflateFlush::NoFlush);
        let written = usize::try_from(inflate.total_out() - before.1).expect("a length");
        out.extend_from_slice(&room[..written]);
        match result {
            Ok(Status::StreamEnd) => {
                return (inflate.total_in() == packed.len() as u64).then_some(out);
            }
            Ok(_) if before != (inflate.total_in(), inflate.total_out()) => {}
            Err(InflateError::NeedDict { .. }) => {
                inflate.set_dictionary(&settings.dictionary).ok()?;
            }
            _ => return None,
        }
    }
}

fn ruzstd(dictionary: &[u8], packed: &[u8]) -> Option<Vec<u8>> {
    let mut decoder = FrameDecoder::new();
    if !dictionary.is_empty() {
        decoder
            .add_dict(Dictionary::decode_dict(dictionary).ok()?)
            .ok()?;
    }
    let (mut source, mut out) = (packed, Vec::new());
    let mut reading = StreamingDecoder::new_with_decoder(&mut source, decoder).ok()?;
    reading.read_to_end(&mut out).ok()?;
    let decoder = reading.into_frame_decoder();
    let checksum = decoder.get_checksum_from_data();
    let is_right = checksum.is_none() || checksum == decoder.get_calculated_checksum();
    (is_right && source.is_empty()).then_some(out)
}

/// By libdeflate, whose levels are 0 to 12.
pub(crate) fn libdeflate_write(wrapper: Wrapper, level: i32, data: &[u8]) -> Vec<u8> {
    let mut compressor = Compressor::new(CompressionLvl::new(level).expect("a level"));
    let mut out = vec![0; compressor.gzip_compress_bound(data.len())];
    let written = match wrapper {
        Wrapper::Gzip => compressor.gzip_compress(data, &mut out),
        Wrapper::Zlib => compressor.zlib_compress(data, &mut out),
        Wrapper::Raw => compressor.deflate_compress(data, &mut out),
    };
    out.truncate(written.expect("room for it"));
    out
}

/// By zlib-rs, with a flush in the middle.
pub(crate) fn zlib_write(settings: &Deflate, data: &[u8]) -> Vec<u8> {
    let bits = i32::from(settings.window_bits);
    let mut deflate = zlib_rs::Deflate::new_with_config(DeflateConfig {
        level: settings.level.into(),
        window_bits: match settings.wrapper {
            Wrapper::Gzip => 16 + bits,
            Wrapper::Zlib => bits,
            Wrapper::Raw => -bits,
        },
        mem_level: settings.mem_level.into(),
        strategy: match settings.strategy {
            Strategy::Default => zlib_rs::Strategy::Default,
            Strategy::Filtered => zlib_rs::Strategy::Filtered,
            Strategy::HuffmanOnly => zlib_rs::Strategy::HuffmanOnly,
            Strategy::Rle => zlib_rs::Strategy::Rle,
            Strategy::Fixed => zlib_rs::Strategy::Fixed,
        },
        ..DeflateConfig::default()
    });
    if has_dictionary(settings) {
        let dictionary = &settings.dictionary;
        deflate
            .set_dictionary(dictionary)
            .expect("a stream that begins");
    }
    let mut out = vec![0; data.len() * 2 + 1000];
    let (first, rest) = data.split_at(data.len() / 3);
    for (data, flush) in [
        (first, DeflateFlush::SyncFlush),
        (rest, DeflateFlush::Finish),
    ] {
        let from = usize::try_from(deflate.total_out()).expect("an offset");
        deflate
            .compress(data, &mut out[from..], flush)
            .expect("a good state");
    }
    out.truncate(usize::try_from(deflate.total_out()).expect("a length"));
    out
}

pub(crate) fn brotli_write(quality: u32, window_log: u32, data: &[u8]) -> Vec<u8> {
    let mut writer = CompressorWriter::new(Vec::new(), 4096, quality, window_log);
    writer.write_all(data).expect("memory");
    writer.into_inner()
}

/// By the library that is also under test, in one piece and by its own streaming.
pub(crate) fn zstd_write(settings: &Zstd, level: i32, data: &[u8]) -> Vec<u8> {
    let dictionary = &settings.dictionary;
    let mut encoder =
        zstd::Encoder::with_dictionary(Vec::new(), level, dictionary).expect("a level");
    encoder
        .include_checksum(level % 2 == 0)
        .expect("a parameter");
    encoder.write_all(data).expect("memory");
    encoder.finish().expect("memory")
}
