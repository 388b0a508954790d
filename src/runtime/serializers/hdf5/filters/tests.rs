//! What h5py stored is decoded to what h5py read, and no stored bytes do harm.

use super::*;

/// One line of `tests/fixtures/hdf5_chunks.jsonl`.
#[derive(serde::Deserialize)]
struct Fixture {
    name: String,
    filters: Vec<(u32, String, Vec<u32>)>,
    mask: u32,
    stored: String,
    decoded: String,
}

impl Fixture {
    fn all() -> Vec<Fixture> {
        let lines = include_str!("../../../../../tests/fixtures/hdf5_chunks.jsonl").lines();
        lines.map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn pipeline(&self) -> Pipeline {
        let messages: Vec<_> = self
            .filters
            .iter()
            .map(|(id, name, parameters)| FilterMessage { id: *id, name: name.clone(), parameters: parameters.clone() })
            .collect();
        Pipeline::parse(&messages).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// Reproducible noise (a linear congruential generator of Knuth's).
fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as u8
    };
    (0..len).map(|_| next()).collect()
}

#[test]
fn decodes_what_h5py_stored() {
    let wrong: Vec<String> = Fixture::all()
        .iter()
        .filter_map(|fixture| {
            let expected = bytes(&fixture.decoded);
            match fixture.pipeline().decode(bytes(&fixture.stored), fixture.mask, expected.len()) {
                Ok(decoded) if decoded == expected => None,
                Ok(_) => Some(format!("{}: other bytes", fixture.name)),
                Err(error) => Some(format!("{}: {error}", fixture.name)),
            }
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_encoded_decodes_to_itself() {
    for (size, level, len) in [(1, 1, 0), (2, 4, 2), (4, 9, 4096), (8, 6, 10_001), (3, 4, 301), (16, 0, 1600)] {
        let filters = [Filter::Shuffle(size), Filter::Deflate(level), Filter::Fletcher32];
        for count in 0..=filters.len() {
            let pipeline = Pipeline::new(filters[..count].to_vec());
            let data = noise(len, 5);
            let encoded = pipeline.encode(data.as_slice().into()).unwrap().into_owned();
            assert!(encoded.len() <= pipeline.encoded_bound(len));
            assert_eq!(pipeline.decode(encoded, 0, len).unwrap(), data, "{pipeline:?}");
        }
    }
}

#[test]
fn any_damage_is_an_error_or_other_bytes_but_no_panic() {
    for (index, fixture) in Fixture::all().iter().enumerate() {
        let (stored, len) = (bytes(&fixture.stored), fixture.decoded.len() / 2);
        let pipeline = fixture.pipeline();
        for cut in (0..stored.len()).step_by(7) {
            let _ = pipeline.decode(stored[..cut].to_vec(), fixture.mask, len);
        }
        for (round, word) in noise(400, index as u64).chunks(4).enumerate() {
            let mut damaged = stored.clone();
            let at = (usize::from(word[0]) << 8 | usize::from(word[1])) % if round % 2 == 0 { 24 } else { usize::MAX };
            let at = at % damaged.len();
            damaged[at] = if word[2] < 64 { 0xff } else { word[3] };
            if let Ok(decoded) = pipeline.decode(damaged, fixture.mask, len) {
                assert_eq!(decoded.len(), len);
            }
        }
    }
}

#[test]
fn a_bomb_is_refused() {
    let data = vec![0; 1 << 20];
    let pipeline = Pipeline::new(vec![Filter::Deflate(9)]);
    let bomb = pipeline.encode(data.as_slice().into()).unwrap().into_owned();
    let error = pipeline.decode(bomb, 0, 1000).unwrap_err();
    assert_eq!(error.to_string(), "the filter `gzip` cannot decode the stored bytes: more bytes than the chunk holds");
    let frame = zstd::bulk::compress(&data, 3).unwrap();
    assert!(Pipeline::new(vec![Filter::Zstd]).decode(frame, 0, 1000).is_err());
}

#[test]
fn errors_say_what_is_wrong() {
    let message = |id, parameters: &[u32]| FilterMessage { id, name: String::new(), parameters: parameters.to_vec() };
    let texts: Vec<String> = [
        Filter::parse(&FilterMessage { id: 32013, name: "zfp".into(), parameters: vec![] }),
        Filter::parse(&message(400, &[])),
        Filter::parse(&message(2, &[])),
        Filter::parse(&message(4, &[1, 7, 8, 100])),
        Filter::parse(&message(5, &[8, 0, 3, 1, 4, 0, 33, 0])),
        Filter::parse(&message(6, &[1, 2])),
        Filter::parse(&message(32008, &[0, 4, 4, 0, 9])),
    ]
    .into_iter()
    .map(|result| result.unwrap_err().to_string())
    .collect();
    insta::assert_snapshot!(texts.join("\n"));
    let pipeline = Pipeline::new(vec![Filter::Fletcher32]);
    let mut sealed = pipeline.encode(vec![1, 2, 3].into()).unwrap().into_owned();
    sealed[0] = 9;
    let error = pipeline.decode(sealed, 0, 3).unwrap_err();
    assert_eq!(error.to_string(), "the checksum stored is 05040402, that of the bytes is 15040c02");
}

#[test]
fn a_filter_mask_skips_filters() {
    let pipeline = Pipeline::new(vec![Filter::Shuffle(4), Filter::Deflate(4)]);
    let data = noise(64, 1);
    assert_eq!(pipeline.decode(data.clone(), 0b11, 64).unwrap(), data);
    let deflated = Pipeline::new(vec![Filter::Deflate(4)]).encode(data.as_slice().into()).unwrap().into_owned();
    assert_eq!(pipeline.decode(deflated, 0b01, 64).unwrap(), data);
}
