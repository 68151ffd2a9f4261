//! What stands around the blocks of a frame (RFC 8878, section 3.1.1).

const MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();
const DICTIONARY_MAGIC: [u8; 4] = 0xec30_a437_u32.to_le_bytes();

/// The logarithm of the smallest window.
const SMALLEST_WINDOW_LOG: u32 = 10;

/// A block's header, and the bits of it: the last one, its type, its size.
const BLOCK_HEADER: usize = 3;
const LAST: u8 = 1;
const RLE: u32 = 1;

/// The header of a frame.
pub(super) fn header(
    window_log: u32,
    content_size: Option<u64>,
    has_checksum: bool,
    dictionary_id: u32,
) -> Vec<u8> {
    // Content that fits the window needs no other.
    let is_single = content_size.is_some_and(|size| size <= 1 << window_log);
    let size_field = content_size.map(|size| size_field(size, is_single));
    let size_field = size_field.unwrap_or_default();
    let size_flag = match size_field.len() {
        0 | 1 => 0,
        2 => 1,
        4 => 2,
        _ => 3,
    };
    let id = dictionary_id.to_le_bytes();
    let (id_flag, id_length) = match dictionary_id {
        0 => (0, 0),
        1..=0xff => (1, 1),
        0x100..=0xffff => (2, 2),
        _ => (3, 4),
    };
    let mut header = MAGIC.to_vec();
    let flags = u8::from(is_single) << 5 | u8::from(has_checksum) << 2;
    header.push(size_flag << 6 | flags | id_flag);
    if !is_single {
        let exponent = window_log - SMALLEST_WINDOW_LOG.min(window_log);
        header.push(u8::try_from(exponent << 3).unwrap_or(u8::MAX));
    }
    header.extend_from_slice(&id[..id_length]);
    header.extend(size_field);
    header
}

/// The content's size in as few bytes as there may be.
fn size_field(size: u64, is_single: bool) -> Vec<u8> {
    const OF_TWO_BYTES: u64 = 256;
    if let Ok(byte) = u8::try_from(size)
        && is_single
    {
        vec![byte]
    } else if let Some(Ok(short)) = size.checked_sub(OF_TWO_BYTES).map(u16::try_from) {
        short.to_le_bytes().to_vec()
    } else if let Ok(middle) = u32::try_from(size) {
        middle.to_le_bytes().to_vec()
    } else {
        size.to_le_bytes().to_vec()
    }
}

/// The number of a dictionary in the library's own form; 0 of any other.
pub(super) fn dictionary_id(dictionary: &[u8]) -> u32 {
    match dictionary.strip_prefix(&DICTIONARY_MAGIC) {
        Some([a, b, c, d, ..]) => u32::from_le_bytes([*a, *b, *c, *d]),
        _ => 0,
    }
}

/// Leaves out the header of the frame that begins at `from`. It has neither a dictionary's number nor
/// the content's size.
pub(super) fn without_header(out: &mut Vec<u8>, from: usize) {
    const LENGTH: usize = 6;
    out.drain(from..from + LENGTH);
}

/// Makes the last one of the blocks that begin at `from` like the others.
pub(super) fn unmark_last(out: &mut [u8], from: usize) {
    let mut at = from;
    while let Some([a, b, c]) = out.get_mut(at..at + BLOCK_HEADER) {
        let header = u32::from_le_bytes([*a, *b, *c, 0]);
        if *a & LAST != 0 {
            *a &= !LAST;
            return;
        }
        let size = if header >> 1 & 3 == RLE {
            1
        } else {
            header >> 3
        };
        at += BLOCK_HEADER + size as usize;
    }
}

/// How long the content of the frame is that begins `data`, where its header says so.
pub(in crate::ops::zlib) fn content_size(data: &[u8]) -> Option<u64> {
    let rest = data.strip_prefix(&MAGIC)?;
    let (descriptor, rest) = rest.split_first()?;
    let is_single = descriptor >> 5 & 1 == 1;
    let id_length = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let skipped = usize::from(!is_single) + id_length;
    let field = rest.get(skipped..)?;
    let read = |length: usize| {
        let mut bytes = [0; 8];
        bytes[..length].copy_from_slice(field.get(..length)?);
        Some(u64::from_le_bytes(bytes))
    };
    match descriptor >> 6 {
        0 if is_single => read(1),
        0 => None,
        1 => read(2).map(|size| size + 256),
        2 => read(4),
        _ => read(8),
    }
}

/// The name and the text of an error code (`zstd_errors.h`).
pub(super) fn error_name(code: i32) -> Option<(&'static str, &'static str)> {
    Some(match code {
        10 => ("ZSTD_error_prefix_unknown", "Unknown frame descriptor"),
        12 => ("ZSTD_error_version_unsupported", "Version not supported"),
        14 => (
            "ZSTD_error_frameParameter_unsupported",
            "Unsupported frame parameter",
        ),
        16 => (
            "ZSTD_error_frameParameter_windowTooLarge",
            "Frame requires too much memory for decoding",
        ),
        20 => ("ZSTD_error_corruption_detected", "Data corruption detected"),
        22 => (
            "ZSTD_error_checksum_wrong",
            "Restored data doesn't match checksum",
        ),
        24 => (
            "ZSTD_error_literals_headerWrong",
            "Header of Literals' block doesn't respect format specification",
        ),
        30 => ("ZSTD_error_dictionary_corrupted", "Dictionary is corrupted"),
        32 => ("ZSTD_error_dictionary_wrong", "Dictionary mismatch"),
        40 => ("ZSTD_error_parameter_unsupported", "Unsupported parameter"),
        41 => (
            "ZSTD_error_parameter_combination_unsupported",
            "Unsupported combination of parameters",
        ),
        42 => (
            "ZSTD_error_parameter_outOfBound",
            "Parameter is out of bound",
        ),
        44 => (
            "ZSTD_error_tableLog_tooLarge",
            "tableLog requires too much memory : unsupported",
        ),
        46 => (
            "ZSTD_error_maxSymbolValue_tooLarge",
            "Unsupported max Symbol Value : too large",
        ),
        48 => (
            "ZSTD_error_maxSymbolValue_tooSmall",
            "Specified maxSymbolValue is too small",
        ),
        50 => (
            "ZSTD_error_stabilityCondition_notRespected",
            "pledged buffer stability condition is not respected",
        ),
        60 => (
            "ZSTD_error_stage_wrong",
            "Operation not authorized at current processing stage",
        ),
        62 => ("ZSTD_error_init_missing", "Context should be init first"),
        64 => (
            "ZSTD_error_memory_allocation",
            "Allocation error : not enough memory",
        ),
        70 => (
            "ZSTD_error_dstSize_tooSmall",
            "Destination buffer is too small",
        ),
        72 => ("ZSTD_error_srcSize_wrong", "Src size is incorrect"),
        80 => (
            "ZSTD_error_noForwardProgress_destFull",
            "Operation made no progress over multiple calls, due to output buffer being full",
        ),
        82 => (
            "ZSTD_error_noForwardProgress_inputEmpty",
            "Operation made no progress over multiple calls, due to input being empty",
        ),
        _ => return None,
    })
}
