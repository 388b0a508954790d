//! Codecs as a script names them, in the metadata of both versions.
//!
//! `lz4` is Blosc's, which every reader has; it is never bare LZ4.

use serde_json::{Value, json};

use crate::array::{DType, Scalar};
use crate::operators::error::closest;
use crate::planner::catalog::CatalogError;
use crate::runtime::serializers::CodecSpec;

/// A codec of a sink, its arguments checked.
#[derive(Clone, Debug, PartialEq)]
enum SinkCodec {
    Zstd { level: i64, checksum: bool },
    Gzip(i64),
    Zlib(i64),
    Bz2(i64),
    Blosc { cname: String, level: i64, shuffle: Shuffle },
    Pcodec(i64),
    Bitround(i64),
    Shuffle,
    Crc32c,
    Fletcher32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Shuffle {
    None,
    Byte,
    Bit,
}

/// Name, parameters and what it does, for help.
const NAMES: [(&str, &[&str]); 12] = [
    ("zstd", &["level", "checksum"]),
    ("gzip", &["level"]),
    ("blosc", &["cname", "level", "shuffle"]),
    ("lz4", &["level"]),
    ("none", &[]),
    ("zlib", &["level"]),
    ("bz2", &["level"]),
    ("pcodec", &["level"]),
    ("bitround", &["keepbits"]),
    ("shuffle", &[]),
    ("crc32c", &[]),
    ("fletcher32", &[]),
];

/// Codecs that are read and not written.
const ONLY_READ: [&str; 12] = [
    "gdeflate",
    "zfp",
    "zfpy",
    "delta",
    "fixedscaleoffset",
    "astype",
    "quantize",
    "packbits",
    "crc32",
    "adler32",
    "transpose",
    "reshape",
];

const BLOSC_COMPRESSORS: [&str; 6] = ["blosclz", "lz4", "lz4hc", "snappy", "zlib", "zstd"];

/// The codecs of an array in its metadata.
pub struct Translated {
    /// All of v3.
    pub v3: Vec<Value>,
    /// v2's filters.
    pub v2_filters: Vec<Value>,
    /// v2's compressor.
    pub v2_compressor: Option<Value>,
}

/// Translates the codecs of a sink for elements of `dtype`; without any, `zstd(3)`, in v3 with the checksum `crc32c`: of v2 not every
/// reader knows it.
///
/// # Errors
/// A codec is unknown, or its arguments are wrong.
pub fn translate(specs: Option<&[CodecSpec]>, dtype: DType) -> Result<Translated, CatalogError> {
    let mut codecs = match specs {
        None => vec![SinkCodec::Zstd { level: 3, checksum: false }],
        Some(specs) => specs.iter().map(parse).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect(),
    };
    let is_text = dtype == DType::Str;
    if !codecs.is_sorted_by_key(SinkCodec::stage) {
        return Err(wrong("`bitround` comes first among codecs, and `pcodec` before all others"));
    }
    if is_text && codecs.iter().any(|c| matches!(c, SinkCodec::Bitround(_) | SinkCodec::Pcodec(_) | SinkCodec::Shuffle))
    {
        return Err(wrong("`bitround`, `pcodec` and `shuffle` need numbers, and this array holds texts"));
    }
    let mut v3 = v3(&codecs, dtype);
    if specs.is_none() {
        v3.push(SinkCodec::Crc32c.v3(dtype));
    }
    let is_compressor = |c: &SinkCodec| {
        !matches!(c, SinkCodec::Bitround(_) | SinkCodec::Shuffle | SinkCodec::Crc32c | SinkCodec::Fletcher32)
    };
    let compressor = if codecs.last().is_some_and(is_compressor) { codecs.pop() } else { None };
    let texts = is_text.then(|| json!({"id": "vlen-utf8"}));
    Ok(Translated {
        v3,
        v2_filters: texts.into_iter().chain(codecs.iter().map(|c| c.v2(dtype))).collect(),
        v2_compressor: compressor.map(|c| c.v2(dtype)),
    })
}

fn v3(codecs: &[SinkCodec], dtype: DType) -> Vec<Value> {
    let is_array = |c: &&SinkCodec| matches!(c, SinkCodec::Bitround(_));
    let mut list: Vec<Value> = codecs.iter().take_while(is_array).map(|c| c.v3(dtype)).collect();
    match (dtype, codecs.iter().find(|c| matches!(c, SinkCodec::Pcodec(_)))) {
        (DType::Str, _) => list.push(json!({"name": "vlen-utf8", "configuration": {}})),
        (_, Some(pcodec)) => list.push(pcodec.v3(dtype)),
        (_, None) if dtype.size() == 1 => list.push(json!({"name": "bytes"})),
        (_, None) => list.push(json!({"name": "bytes", "configuration": {"endian": "little"}})),
    }
    let rest = codecs.iter().skip_while(is_array).filter(|c| !matches!(c, SinkCodec::Pcodec(_)));
    list.extend(rest.map(|c| c.v3(dtype)));
    list
}

fn wrong(message: impl Into<String>) -> CatalogError {
    CatalogError::new("ff::sink::codec", message)
}

fn unknown(name: &str) -> CatalogError {
    let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
    if ONLY_READ.contains(&name) {
        let help = format!("the codecs that are written are {}", names.join(", "));
        return wrong(format!("the codec `{name}` is only read, not written")).with_help(help);
    }
    let close =
        closest(name, names.iter().copied()).map_or_else(String::new, |close| format!("did you mean `{close}`? "));
    wrong(format!("Zarr has no codec `{name}`")).with_help(format!("{close}Zarr's codecs are {}", names.join(", ")))
}

fn parse(spec: &CodecSpec) -> Result<Option<SinkCodec>, CatalogError> {
    let Some((_, parameters)) = NAMES.iter().find(|(name, _)| *name == spec.name) else {
        return Err(unknown(&spec.name));
    };
    let arguments = Arguments::bind(spec, parameters)?;
    Ok(Some(match spec.name.as_str() {
        "zstd" => SinkCodec::Zstd {
            level: arguments.integer("level", 3, -131_072..=22)?,
            checksum: arguments.flag("checksum")?,
        },
        "gzip" => SinkCodec::Gzip(arguments.integer("level", 5, 0..=9)?),
        "zlib" => SinkCodec::Zlib(arguments.integer("level", 5, 0..=9)?),
        "bz2" => SinkCodec::Bz2(arguments.integer("level", 5, 1..=9)?),
        "pcodec" => SinkCodec::Pcodec(arguments.integer("level", 8, 0..=12)?),
        "bitround" => SinkCodec::Bitround(arguments.required("keepbits", 0..=52)?),
        "blosc" => SinkCodec::Blosc {
            cname: arguments.choice("cname", "lz4", &BLOSC_COMPRESSORS)?,
            level: arguments.integer("level", 5, 0..=9)?,
            shuffle: match arguments.choice("shuffle", "byte", &["byte", "bit", "none"])?.as_str() {
                "byte" => Shuffle::Byte,
                "bit" => Shuffle::Bit,
                _ => Shuffle::None,
            },
        },
        "lz4" => SinkCodec::Blosc {
            cname: "lz4".to_owned(),
            level: arguments.integer("level", 5, 0..=9)?,
            shuffle: Shuffle::None,
        },
        "shuffle" => SinkCodec::Shuffle,
        "crc32c" => SinkCodec::Crc32c,
        "fletcher32" => SinkCodec::Fletcher32,
        _ => return Ok(None),
    }))
}

/// The arguments of one codec by parameter.
struct Arguments<'a> {
    codec: &'a str,
    values: Vec<(&'a str, &'a Scalar)>,
}

impl<'a> Arguments<'a> {
    fn bind(spec: &'a CodecSpec, parameters: &[&'a str]) -> Result<Self, CatalogError> {
        let mut values: Vec<(&str, &Scalar)> = Vec::new();
        for (position, (name, value)) in spec.args.iter().enumerate() {
            let parameter = match name {
                Some(name) => parameters.iter().find(|p| *p == name || (*p == &"level" && name == "clevel")),
                None => parameters.get(position),
            };
            let Some(parameter) = parameter else {
                let what =
                    name.as_ref().map_or_else(|| format!("argument {}", position + 1), |n| format!("argument `{n}`"));
                let takes = if parameters.is_empty() { "no arguments".to_owned() } else { parameters.join(", ") };
                return Err(
                    wrong(format!("the codec `{}` has no {what}", spec.name)).with_help(format!("it takes {takes}"))
                );
            };
            if values.iter().any(|(p, _)| p == parameter) {
                return Err(wrong(format!("the codec `{}` is given `{parameter}` twice", spec.name)));
            }
            values.push((parameter, value));
        }
        Ok(Arguments { codec: &spec.name, values })
    }

    fn get(&self, name: &str) -> Option<&'a Scalar> {
        self.values.iter().find(|(n, _)| *n == name).map(|(_, v)| *v)
    }

    fn integer(&self, name: &str, default: i64, range: std::ops::RangeInclusive<i64>) -> Result<i64, CatalogError> {
        let Some(value) = self.get(name) else { return Ok(default) };
        value.as_i64().filter(|v| range.contains(v)).ok_or_else(|| {
            wrong(format!(
                "`{name}` of the codec `{}` is a whole number from {} to {}, not {value}",
                self.codec,
                range.start(),
                range.end()
            ))
        })
    }

    fn required(&self, name: &str, range: std::ops::RangeInclusive<i64>) -> Result<i64, CatalogError> {
        match self.get(name) {
            Some(_) => self.integer(name, 0, range),
            None => Err(wrong(format!("the codec `{}` needs `{name}`", self.codec))),
        }
    }

    fn flag(&self, name: &str) -> Result<bool, CatalogError> {
        match self.get(name) {
            None => Ok(false),
            Some(Scalar::Bool(value)) => Ok(*value),
            Some(other) => Err(wrong(format!("`{name}` of the codec `{}` is true or false, not {other}", self.codec))),
        }
    }

    fn choice(&self, name: &str, default: &str, choices: &[&str]) -> Result<String, CatalogError> {
        match self.get(name) {
            None => Ok(default.to_owned()),
            Some(Scalar::Str(value)) if choices.contains(&&**value) => Ok((**value).to_owned()),
            Some(other) => {
                let message =
                    format!("`{name}` of the codec `{}` is one of {}, not {other}", self.codec, choices.join(", "));
                Err(wrong(message))
            }
        }
    }
}

impl SinkCodec {
    /// Array to array, array to bytes, bytes to bytes.
    fn stage(&self) -> u8 {
        match self {
            SinkCodec::Bitround(_) => 0,
            SinkCodec::Pcodec(_) => 1,
            _ => 2,
        }
    }

    fn v3(&self, dtype: DType) -> Value {
        let size = if dtype == DType::Str { 1 } else { dtype.size() };
        match self {
            SinkCodec::Zstd { level, checksum } => {
                json!({"name": "zstd", "configuration": {"level": level, "checksum": checksum}})
            }
            SinkCodec::Gzip(level) => json!({"name": "gzip", "configuration": {"level": level}}),
            SinkCodec::Zlib(level) => json!({"name": "numcodecs.zlib", "configuration": {"level": level}}),
            SinkCodec::Bz2(level) => json!({"name": "numcodecs.bz2", "configuration": {"level": level}}),
            SinkCodec::Blosc { cname, level, shuffle } => {
                let shuffle = match shuffle {
                    Shuffle::None => "noshuffle",
                    Shuffle::Byte => "shuffle",
                    Shuffle::Bit => "bitshuffle",
                };
                json!({"name": "blosc", "configuration":
                    {"typesize": size, "cname": cname, "clevel": level, "shuffle": shuffle, "blocksize": 0}})
            }
            SinkCodec::Pcodec(level) => json!({"name": "numcodecs.pcodec", "configuration": pcodec(*level)}),
            SinkCodec::Bitround(bits) => json!({"name": "numcodecs.bitround", "configuration": {"keepbits": bits}}),
            SinkCodec::Shuffle => json!({"name": "numcodecs.shuffle", "configuration": {"elementsize": size}}),
            SinkCodec::Crc32c => json!({"name": "crc32c"}),
            SinkCodec::Fletcher32 => json!({"name": "numcodecs.fletcher32", "configuration": {}}),
        }
    }

    fn v2(&self, dtype: DType) -> Value {
        match self {
            // Not every reader knows of checksums here.
            SinkCodec::Zstd { level, checksum: false } => json!({"id": "zstd", "level": level}),
            SinkCodec::Zstd { level, checksum: true } => json!({"id": "zstd", "level": level, "checksum": true}),
            SinkCodec::Gzip(level) => json!({"id": "gzip", "level": level}),
            SinkCodec::Zlib(level) => json!({"id": "zlib", "level": level}),
            SinkCodec::Bz2(level) => json!({"id": "bz2", "level": level}),
            SinkCodec::Blosc { cname, level, shuffle } => {
                json!({"id": "blosc", "cname": cname, "clevel": level, "shuffle": *shuffle as u8, "blocksize": 0})
            }
            SinkCodec::Pcodec(level) => {
                let mut codec = json!({"id": "pcodec"});
                if let (Some(codec), Value::Object(rest)) = (codec.as_object_mut(), pcodec(*level)) {
                    codec.extend(rest);
                }
                codec
            }
            SinkCodec::Bitround(bits) => json!({"id": "bitround", "keepbits": bits}),
            SinkCodec::Shuffle => json!({"id": "shuffle", "elementsize": dtype.size()}),
            SinkCodec::Crc32c => json!({"id": "crc32c"}),
            SinkCodec::Fletcher32 => json!({"id": "fletcher32"}),
        }
    }
}

fn pcodec(level: i64) -> Value {
    json!({"level": level, "mode_spec": "auto", "delta_spec": "auto", "paging_spec": "equal_pages_up_to",
        "delta_encoding_order": null, "equal_pages_up_to": 262_144})
}
