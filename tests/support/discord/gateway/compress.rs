//! How frames leave: as text, as one zlib or zstd stream over the whole connection, or big ones as zlib for themselves.
//!
//! The zstd stream is made of uncompressed blocks, which every decoder must take: what clients get wrong is the
//! stream's life (one header, a flush after each payload), not its entropy coding.

use flate2::{Compress, Compression, FlushCompress};
use tokio_tungstenite::tungstenite::{Bytes, Message};

/// Magic number, then a header: no checksum, no dictionary, no content size, a window of 128 KiB.
const ZSTD_HEADER: [u8; 6] = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38];
/// The largest block that a window of 128 KiB allows.
const ZSTD_BLOCK: usize = 128 * 1024;
/// With `compress` in IDENTIFY, payloads from this size on come as zlib.
const BIG: usize = 1024;

/// What the connection's URL, or its IDENTIFY, asked for.
pub(crate) enum Packing {
    /// Text frames.
    Plain,
    /// Text frames, but binary ones for payloads that are big.
    Payload,
    /// `compress=zlib-stream`
    ZlibStream(Box<Compress>),
    /// `compress=zstd-stream`; whether the header was sent.
    ZstdStream(bool),
}

impl Packing {
    /// By the value of `compress` in the URL; `None`: Discord knows no such compression.
    pub(crate) fn asked(compress: Option<&str>) -> Option<Packing> {
        match compress {
            None | Some("") => Some(Packing::Plain),
            Some("zlib-stream") => {
                Some(Packing::ZlibStream(Box::new(Compress::new(Compression::default(), true))))
            }
            Some("zstd-stream") => Some(Packing::ZstdStream(false)),
            Some(_) => None,
        }
    }

    /// IDENTIFY asked for compressed payloads. A stream compresses already.
    pub(crate) fn payloads(&mut self) {
        if matches!(self, Packing::Plain) {
            *self = Packing::Payload;
        }
    }

    /// The frame that carries `text`.
    pub(crate) fn pack(&mut self, text: &str) -> Message {
        match self {
            Packing::Payload if text.len() >= BIG => binary(zlib(text)),
            Packing::Plain | Packing::Payload => Message::text(text),
            Packing::ZlibStream(stream) => binary(flushed(stream, text.as_bytes())),
            Packing::ZstdStream(begun) => {
                let head: &[u8] = if *begun { &[] } else { &ZSTD_HEADER };
                *begun = true;
                binary(zstd_blocks(head, text.as_bytes()))
            }
        }
    }
}

fn binary(bytes: Vec<u8>) -> Message {
    Message::Binary(Bytes::from(bytes))
}

fn zlib(text: &str) -> Vec<u8> {
    let mut whole = Compress::new(Compression::default(), true);
    run(&mut whole, text.as_bytes(), FlushCompress::Finish)
}

/// Ends with 00 00 FF FF, by which a client knows that a payload is whole.
fn flushed(stream: &mut Compress, bytes: &[u8]) -> Vec<u8> {
    run(stream, bytes, FlushCompress::Sync)
}

fn run(stream: &mut Compress, mut bytes: &[u8], flush: FlushCompress) -> Vec<u8> {
    let mut packed = Vec::new();
    loop {
        packed.reserve(bytes.len() + 64);
        let before = stream.total_in();
        // Cannot fail: errors are of dictionaries, which this has none of.
        let _ = stream.compress_vec(bytes, &mut packed, flush);
        let taken = usize::try_from(stream.total_in() - before).unwrap_or(0);
        bytes = bytes.get(taken..).unwrap_or_default();
        if bytes.is_empty() && packed.len() < packed.capacity() {
            return packed;
        }
    }
}

fn zstd_blocks(head: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut packed = head.to_vec();
    for block in bytes.chunks(ZSTD_BLOCK) {
        // Bit 0: the last block of the frame (never, the stream goes on); bits 1 and 2: raw; then the size.
        let size = u32::try_from(block.len() << 3).unwrap_or(0).to_le_bytes();
        packed.extend_from_slice(&size[..3]);
        packed.extend_from_slice(block);
    }
    packed
}

#[cfg(test)]
mod tests {
    use flate2::{Decompress, FlushDecompress};

    use super::*;

    fn data(message: Message) -> Vec<u8> {
        assert!(message.is_binary());
        message.into_data().to_vec()
    }

    #[test]
    fn a_zlib_stream_is_one_stream_with_a_flush_after_each_payload() {
        let mut packing = Packing::asked(Some("zlib-stream")).unwrap();
        let mut reader = Decompress::new(true);
        for text in ["{\"op\":10}", &"long ".repeat(100_000), "{\"op\":11}"] {
            let packed = data(packing.pack(text));
            assert!(packed.ends_with(&[0, 0, 0xff, 0xff]));
            let mut read = Vec::with_capacity(text.len() + 64);
            reader.decompress_vec(&packed, &mut read, FlushDecompress::Sync).unwrap();
            assert_eq!(String::from_utf8(read).unwrap(), text);
        }
    }

    #[test]
    fn payload_compression_leaves_small_payloads_as_text() {
        let mut packing = Packing::asked(None).unwrap();
        packing.payloads();
        assert!(packing.pack("{\"op\":11}").is_text());
        let text = "x".repeat(BIG);
        let mut read = Vec::with_capacity(BIG + 64);
        let packed = data(packing.pack(&text));
        Decompress::new(true).decompress_vec(&packed, &mut read, FlushDecompress::Finish).unwrap();
        assert_eq!(read, text.as_bytes());
    }

    #[test]
    fn a_zstd_stream_has_one_header_and_raw_blocks() {
        let mut packing = Packing::asked(Some("zstd-stream")).unwrap();
        let first = data(packing.pack("ab"));
        assert_eq!(first, [&ZSTD_HEADER[..], &[2 << 3, 0, 0], b"ab"].concat());
        assert_eq!(data(packing.pack("c")), [&[1 << 3, 0, 0], &b"c"[..]].concat());
        assert_eq!(data(packing.pack(&"y".repeat(ZSTD_BLOCK + 1))).len(), ZSTD_BLOCK + 1 + 6);
    }

    #[test]
    fn an_unknown_compression_is_refused() {
        assert!(Packing::asked(Some("brotli")).is_none());
    }
}
