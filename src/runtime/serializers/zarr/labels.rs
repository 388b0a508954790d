//! Codecs in words, for people.

use serde_json::Value;

/// The codecs as a script would write them: `zstd(3)`, `blosc(zstd, 5, shuffle: bit)`, `none`.
pub fn label(codecs: &[Value]) -> String {
    let labels = labels(codecs);
    if labels.is_empty() { "none".to_owned() } else { labels.join(", ") }
}

/// A label for each codec that matters to people; of shards, those of their chunks.
fn labels(codecs: &[Value]) -> Vec<String> {
    let one = |codec: &Value| match codec["name"].as_str() {
        Some("sharding_indexed") => labels(codec["configuration"]["codecs"].as_array().map_or(&[], Vec::as_slice)),
        _ => label_of(codec).into_iter().collect(),
    };
    codecs.iter().flat_map(one).collect()
}

fn label_of(codec: &Value) -> Option<String> {
    let name = codec.as_str().or_else(|| codec["name"].as_str()).unwrap_or("?");
    let configuration = &codec["configuration"];
    let name = ["numcodecs.", "zarrs."].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    let name = name.rsplit('/').next().unwrap_or(name);
    let number = |key: &str| configuration[key].as_i64();
    match name {
        "bytes" | "vlen-utf8" => None,
        "blosc" => {
            let shuffle = match configuration["shuffle"].as_str() {
                Some("bitshuffle") => "bit",
                Some("shuffle") => "byte",
                _ => "none",
            };
            let cname = configuration["cname"].as_str().unwrap_or("lz4");
            Some(format!("blosc({cname}, {}, shuffle: {shuffle})", number("clevel").unwrap_or(5)))
        }
        "transpose" => Some(format!("transpose({})", configuration["order"])),
        "zfp" | "zfpy" | "pcodec" => Some(match number("level") {
            Some(level) => format!("{name}({level})"),
            None => name.to_owned(),
        }),
        _ => Some(match number("level").or_else(|| number("keepbits")).or_else(|| number("elementsize")) {
            Some(level) => format!("{name}({level})"),
            None => name.to_owned(),
        }),
    }
}
