//! The header of a `.npy` file: a Python dictionary of dtype, order and shape
//! (NumPy Enhancement Proposal 1, `numpy.lib.format`).

/// The first bytes of every file.
pub const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// Headers longer than this are refused.
const MAX_HEADER: usize = 1 << 20;

/// What a header says.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// The dtype as NumPy writes it: `<f4`.
    pub descr: String,
    /// Whether the first axis varies fastest.
    pub fortran_order: bool,
    /// Elements per axis.
    pub shape: Vec<u64>,
}

/// Where the header's text lies: its offset and length, from the first twelve bytes of a file.
///
/// # Errors
/// It is no `.npy` file, or of a version that is not known.
pub fn extent(start: &[u8]) -> Result<(usize, usize), String> {
    if !start.starts_with(MAGIC) || start.len() < 12 {
        return Err("it is no .npy file".to_owned());
    }
    let (offset, length) = match start[6] {
        1 => (10, usize::from(u16::from_le_bytes([start[8], start[9]]))),
        2 | 3 => (12, u32::from_le_bytes([start[8], start[9], start[10], start[11]]) as usize),
        version => return Err(format!("its version {version} is not known")),
    };
    if length > MAX_HEADER { Err(format!("its header has {length} bytes")) } else { Ok((offset, length)) }
}

/// Reads a header's text.
///
/// # Errors
/// It is not the dictionary that NumPy writes.
pub fn parse(text: &str) -> Result<Header, String> {
    let damaged = || format!("its header is damaged: {}", text.trim_end());
    let body = text.trim().strip_prefix('{').and_then(|t| t.strip_suffix('}')).ok_or_else(damaged)?;
    let value = |key: &str| {
        let at = body.find(&format!("'{key}'")).or_else(|| body.find(&format!("\"{key}\"")))?;
        body[at + key.len() + 2..].trim_start().strip_prefix(':').map(str::trim_start)
    };
    let descr = value("descr").ok_or_else(damaged)?;
    if descr.starts_with('[') {
        return Err("structured dtypes are not supported".to_owned());
    }
    let descr = descr.strip_prefix(['\'', '"']).and_then(|d| d.split(['\'', '"']).next()).ok_or_else(damaged)?;
    let order = value("fortran_order").ok_or_else(damaged)?;
    let fortran_order = match (order.starts_with("True"), order.starts_with("False")) {
        (true, _) => true,
        (_, true) => false,
        _ => return Err(damaged()),
    };
    let shape = value("shape").and_then(|s| s.strip_prefix('(')?.split_once(')')).ok_or_else(damaged)?.0;
    let sizes = shape.split(',').map(|n| n.trim().trim_end_matches('L')).filter(|n| !n.is_empty());
    let shape = sizes.map(|n| n.parse().map_err(|_| damaged())).collect::<Result<_, _>>()?;
    Ok(Header { descr: descr.to_owned(), fortran_order, shape })
}

impl Header {
    /// The first bytes of a file of version 1, padded so that the data is aligned to 64 bytes.
    ///
    /// # Errors
    /// There are too many axes for this version.
    pub fn encode(&self) -> Result<Vec<u8>, String> {
        let sizes: Vec<String> = self.shape.iter().map(u64::to_string).collect();
        let comma = if sizes.len() == 1 { "," } else { "" };
        let order = if self.fortran_order { "True" } else { "False" };
        let shape = format!("({}{comma})", sizes.join(", "));
        let mut text = format!("{{'descr': '{}', 'fortran_order': {order}, 'shape': {shape}, }}", self.descr);
        let length = (10 + text.len() + 1).next_multiple_of(64) - 10;
        text.push_str(&" ".repeat(length - text.len() - 1));
        text.push('\n');
        let length = u16::try_from(length).map_err(|_| "it has too many axes".to_owned())?;
        Ok([&MAGIC[..], &[1, 0], &length.to_le_bytes(), text.as_bytes()].concat())
    }
}
