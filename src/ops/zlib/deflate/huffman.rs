//! Huffman codes of limited length: from how often each symbol occurs to its code word.

/// The longest code word of the literal, length and distance alphabets (RFC 1951, section 3.2.7).
pub(super) const MAX_BITS: usize = 15;

/// Computes the lengths of the code words of an optimal prefix code for `frequencies`, none above
/// `limit`, into `lengths`; symbols that don't occur get 0.
///
/// A code of fewer than two symbols is completed to two words of one bit, because a distance or
/// code length code with unused words may be refused by decoders (zlib completes it as well).
///
/// The lengths come from the in-place algorithm of Moffat and Katajainen ("In-Place Calculation
/// of Minimum-Redundancy Codes", 1995) over the sorted frequencies. Words above the limit are cut
/// to it, and the lengths below are made longer until the code is a prefix code again, as in
/// zlib's `gen_bitlen` and libdeflate's `compute_length_counts`: hardly ever needed and within a
/// few bits of the optimum of package-merge.
pub(super) fn code_lengths<const N: usize>(
    frequencies: &[u32; N],
    limit: usize,
    lengths: &mut [u8; N],
) {
    lengths.fill(0);
    let mut sorted = [0_u64; N];
    let mut used = 0;
    for (symbol, &frequency) in (0_u64..).zip(frequencies) {
        if frequency != 0 {
            sorted[used] = u64::from(frequency) << 16 | symbol;
            used += 1;
        }
    }
    if used < 2 {
        let only = sorted.first().map_or(0, |&key| (key & 0xFFFF) as usize);
        lengths[only] = 1;
        lengths[usize::from(only == 0)] = 1;
        return;
    }
    let sorted = &mut sorted[..used];
    sorted.sort_unstable();

    let mut nodes = [0_u32; N];
    let nodes = &mut nodes[..used];
    for (node, &key) in nodes.iter_mut().zip(sorted.iter()) {
        *node = u32::try_from(key >> 16).unwrap_or(u32::MAX);
    }
    let mut counts = depth_counts(nodes);
    limit_depths(&mut counts, limit);

    // The rarest symbols get the longest words.
    let mut symbols = sorted.iter().map(|&key| (key & 0xFFFF) as usize);
    for (bits, &count) in (0_u8..32).zip(&counts).rev() {
        for symbol in symbols.by_ref().take(count as usize) {
            lengths[symbol] = bits;
        }
    }
}

/// Turns sorted frequencies into the number of words of each length.
///
/// The three passes of Moffat and Katajainen: pair the nodes (an inner node's weight is replaced
/// by its parent's index once it is paired), turn parents into depths, and count the leaves.
/// Words of 32 bits or more, which need more than two million symbols, count as 31 long.
fn depth_counts(nodes: &mut [u32]) -> [u32; 32] {
    let used = nodes.len();
    let mut leaf = 0;
    let mut root = 0;
    for next in 0..used - 1 {
        let mut weight = 0;
        for _ in 0..2 {
            if leaf >= used || (root < next && nodes[root] < nodes[leaf]) {
                weight += nodes[root];
                nodes[root] = u32::try_from(next).unwrap_or(0);
                root += 1;
            } else {
                weight += nodes[leaf];
                leaf += 1;
            }
        }
        nodes[next] = weight;
    }

    // `nodes[i]` is now the parent of inner node `i`; the last one is the root.
    nodes[used - 2] = 0;
    for inner in (0..used - 2).rev() {
        nodes[inner] = nodes[nodes[inner] as usize] + 1;
    }

    let mut inner_at = [0_u32; 32];
    for &depth in &nodes[..used - 1] {
        inner_at[depth.min(31) as usize] += 1;
    }
    let mut counts = [0; 32];
    let mut places = 1;
    for depth in 0..32 {
        counts[depth] = places - inner_at[depth].min(places);
        places = 2 * inner_at[depth].min(places);
    }
    counts
}

/// Makes the words above `limit` that long, and enough shorter ones longer for all to have room.
fn limit_depths(counts: &mut [u32; 32], limit: usize) {
    let (within, above) = counts.split_at_mut(limit + 1);
    for count in above {
        within[limit] += *count;
        *count = 0;
    }
    // The sum of Kraft's inequality, in words of `limit` bits.
    let mut taken: u64 = (0..=limit)
        .map(|bits| u64::from(within[bits]) << (limit - bits))
        .sum();
    while taken > 1 << limit {
        // A word of the greatest length below the limit becomes two that are one bit longer: one
        // of them is its symbol's, the other takes one of the symbols at the limit.
        let Some(bits) = (1..limit).rev().find(|&bits| within[bits] != 0) else {
            return;
        };
        within[bits] -= 1;
        within[bits + 1] += 2;
        within[limit] -= 1;
        taken -= 1;
    }
}

/// The code words for `lengths`, their bits reversed as DEFLATE writes them: from the first bit
/// of the code on, at the lowest bit (RFC 1951, sections 3.1.1 and 3.2.2).
pub(super) fn code_words<const N: usize>(lengths: &[u8; N]) -> [u16; N] {
    let mut next = [0_u16; MAX_BITS + 2];
    for &length in lengths {
        next[usize::from(length & 15) + 1] += 1;
    }
    next[1] = 0;
    for bits in 1..=MAX_BITS {
        next[bits + 1] = next[bits + 1].wrapping_add(next[bits]) << 1;
    }
    let mut words = [0; N];
    for (word, &length) in words.iter_mut().zip(lengths) {
        if length != 0 {
            let place = &mut next[usize::from(length & 15)];
            *word = place.reverse_bits() >> (16 - u32::from(length & 15));
            *place = place.wrapping_add(1);
        }
    }
    words
}
