//! Finding, recognising and opening what URLs name.

use std::path::Path;

use super::*;
use crate::array::{AttrValue, DType, DimName};
use crate::runtime::serializers::Create;
use crate::runtime::serializers::testing::describe;

/// A store with the arrays `t` and `g/u`, and some other files.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["air.zarr", "air_1990.zarr", "air_1991.zarr"] {
        write_store(&folder.path().join(name));
    }
    std::fs::create_dir(folder.path().join("plain")).unwrap();
    std::fs::write(folder.path().join("empty.nc"), "").unwrap();
    std::fs::write(folder.path().join("notes.txt"), "text").unwrap();
    std::fs::write(folder.path().join("damaged.nc"), "no netCDF").unwrap();
    write_store(&folder.path().join(".ff-partial-7-out.zarr"));
    folder
}

fn write_store(path: &Path) {
    let spec = |path: &str| ArraySpec {
        path: path.to_owned(),
        dtype: DType::I32,
        dims: vec![DimName::new("y")],
        shape: vec![3],
        chunks: vec![2],
        shards: None,
        codecs: None,
        fill: None,
        attrs: [("units".to_owned(), AttrValue::Str("K".to_owned()))].into_iter().collect(),
        is_coordinate: false,
    };
    let Some(Create::Objects(create)) = format_named("zarr").unwrap().create else { panic!("Zarr is made of objects") };
    let specs = [spec("/t"), spec("/g/u")];
    let target =
        create(&Place::local(path), &specs, &TargetOptions { version: None, ..TargetOptions::default() }).unwrap();
    for spec in &specs {
        target.array(&spec.path).write(&[0], &Block::from_list(vec![1, 2])).unwrap();
        target.array(&spec.path).write(&[1], &Block::from_list(vec![3])).unwrap();
    }
    target.finish().unwrap();
}

fn location(folder: &Path, format: &str, url: &str) -> Location {
    let url = if url.contains("://") { url.to_owned() } else { folder.join(url).display().to_string() };
    Location { format: format.to_owned(), url }
}

#[test]
fn urls_lead_into_stores() {
    let folder = folder();
    let catalog = LocalCatalog::new();
    let mut text = String::new();
    for url in ["air.zarr", "air.zarr/", "air.zarr/t", "air.zarr/g", "air.zarr/g/u", "air.zarr:/g/u", "air.zarr:g"] {
        let location = location(folder.path(), "open", url);
        text += &format!("--- {url}\n{}", describe(&catalog.describe(&location).unwrap()));
    }
    insta::assert_snapshot!(text);
    let expected = Block::from_list(vec![1, 2, 3]);
    for (url, path) in [("air.zarr", "/g/u"), ("air.zarr:g", "u"), ("air.zarr:/g/u", "/"), ("air.zarr/t", "")] {
        assert_eq!(catalog.values(&location(folder.path(), "zarr", url), path).unwrap(), expected, "{url} {path}");
    }
    let url = format!("file://{}", folder.path().join("air%2ezarr").display());
    assert!(catalog.describe(&Location { format: "open".into(), url }).is_ok());
}

#[test]
fn globs_are_expanded() {
    let folder = folder();
    let catalog = LocalCatalog::new();
    let mut text = String::new();
    for url in [
        "air_*.zarr",
        "air_199?.zarr",
        "air_199[1-9].zarr",
        "*.zarr:/t",
        "**/zarr.json",
        "nothing_*",
        "no/*.nc",
        "a[",
        "x.nc",
    ] {
        let found = match catalog.expand(&location(folder.path(), "open", url)) {
            Ok(found) => found.into_iter().map(|l| l.url).collect::<Vec<_>>().join("\n"),
            Err(error) => shown(&error),
        };
        text += &format!("--- {url}\n{found}\n").replace(&folder.path().display().to_string(), "");
    }
    insta::assert_snapshot!(text);
}

fn shown(error: &CatalogError) -> String {
    let help = error.help.as_ref().map_or_else(String::new, |h| format!("\n  help: {h}"));
    format!("{}: {}{help}", error.code, error.message)
}

#[test]
fn what_cannot_be_opened_is_explained() {
    let folder = folder();
    std::os::unix::fs::symlink("nowhere", folder.path().join("dangling.nc")).unwrap();
    std::os::unix::fs::symlink("ring.nc", folder.path().join("ring.nc")).unwrap();
    let catalog = LocalCatalog::new();
    let cases = [
        ("open", "ring.nc"),
        ("open", "air.zar"),
        ("open", "sea.nc"),
        ("open", "sea.foo"),
        ("open", "plane/air.nc"),
        ("open", "x/y/air.nc"),
        ("open", "air.zarr/g/v"),
        ("open", "air.zarr:/temperature"),
        ("open", "plain"),
        ("open", "empty.nc"),
        ("open", "notes.txt"),
        ("open", "damaged.nc"),
        ("open", "dangling.nc"),
        ("open", ".ff-partial-7-out.zarr"),
        ("zarr", "damaged.nc"),
        ("netcdf", "air.zarr"),
        ("netcdf", "damaged.nc"),
        ("zar", "air.zarr"),
        ("parquet", "air.zarr"),
        ("open", "hdfs://host/a.zarr"),
        ("open", "memory://here/a.zarr"),
    ];
    let mut text = String::new();
    for (format, url) in cases {
        let error = catalog.describe(&location(folder.path(), format, url)).expect_err(url);
        text += &format!("--- {format} {url}\n{}\n", shown(&error)).replace(&folder.path().display().to_string(), "");
    }
    insta::assert_snapshot!(text);
}

#[test]
fn changes_change_fingerprints() {
    let folder = folder();
    let catalog = LocalCatalog::new();
    let store = location(folder.path(), "zarr", "air.zarr");
    let before = catalog.fingerprint(&store).unwrap();
    assert_eq!(catalog.fingerprint(&store).unwrap(), before);
    std::fs::write(folder.path().join("air.zarr/t/c/0"), "other").unwrap();
    assert_ne!(catalog.fingerprint(&store).unwrap(), before);
    let none = location(folder.path(), "zarr", "no.zarr");
    assert_eq!([catalog.existing(&store), catalog.existing(&none)], [Existing::Replaceable, Existing::Nothing]);
    assert_eq!(catalog.fingerprint(&location(folder.path(), "zarr", "no.zarr")), None);
}

#[test]
fn what_links_lead_to_is_part_of_a_fingerprint() {
    let folder = folder();
    let catalog = LocalCatalog::new();
    let store = location(folder.path(), "zarr", "air.zarr");
    let elsewhere = folder.path().join("elsewhere");
    std::fs::rename(folder.path().join("air.zarr/t/c"), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, folder.path().join("air.zarr/t/c")).unwrap();
    // One that leads back, and one that leads nowhere.
    std::os::unix::fs::symlink(folder.path().join("air.zarr"), elsewhere.join("above")).unwrap();
    std::os::unix::fs::symlink("none", elsewhere.join("nowhere")).unwrap();
    let whole = || place::whole_fingerprint(&Place::local(&folder.path().join("air.zarr"))).unwrap();
    let before = (catalog.fingerprint(&store).unwrap(), whole());
    assert_eq!((catalog.fingerprint(&store).unwrap(), whole()), before);
    std::fs::write(elsewhere.join("0"), "other").unwrap();
    let after = (catalog.fingerprint(&store).unwrap(), whole());
    assert!(after.0 != before.0 && after.1 != before.1);
}

#[test]
fn targets_are_checked() {
    let catalog = LocalCatalog::new();
    let check = |format: &str, url: &str| {
        let location = Location { format: format.to_owned(), url: url.to_owned() };
        catalog.check_target(&location, &[], &TargetOptions::default())
    };
    assert!(check("zarr", "out.zarr").is_ok());
    assert!(check("zarr", "memory://b/out.zarr").is_ok());
    assert_eq!(check("zarrr", "out.zarr").unwrap_err().code, "ff::source::unknown_format");
}

/// What a storage in memory holds is found, described and read as what lies on the disk.
#[test]
fn remote_stores_are_as_local_ones() {
    let folder = folder();
    let catalog = LocalCatalog::new();
    let memory = catalog.place("memory://catalog/data").unwrap();
    let mut pending = vec![folder.path().to_owned()];
    while let Some(at) = pending.pop() {
        if at.is_dir() {
            pending.extend(std::fs::read_dir(&at).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            let below = at.strip_prefix(folder.path()).unwrap().display().to_string();
            memory.join(&below).write(&std::fs::read(&at).unwrap()).unwrap();
        }
    }
    let there = |url: &str| Location { format: "open".into(), url: format!("memory://catalog/data/{url}") };
    let plain =
        |error: CatalogError| (error.code, error.help.unwrap_or_default().replace("memory://catalog/data/", ""));
    for url in ["air.zarr", "air.zarr/", "air.zarr/t", "air.zarr/g", "air.zarr/g/u", "air.zarr:/g/u", "air.zarr/x"] {
        let here = location(folder.path(), "open", url);
        match (catalog.describe(&here), catalog.describe(&there(url))) {
            (Ok(here), Ok(there)) => assert_eq!(here, there, "{url}"),
            (Err(here), Err(there)) => assert_eq!(plain(here).0, plain(there).0, "{url}"),
            (here, there) => panic!("{url}: {here:?} and {there:?}"),
        }
    }
    assert_eq!(catalog.values(&there("air.zarr"), "/t").unwrap().scalars().len(), 3);
    let found: Vec<String> = catalog.expand(&there("air_199?.zarr")).unwrap().into_iter().map(|l| l.url).collect();
    assert_eq!(found, ["air_1990.zarr", "air_1991.zarr"].map(|name| format!("memory://catalog/data/{name}")));
    assert_eq!(catalog.expand(&there("*/zarr.json")).unwrap().len(), 3);
    let refused = catalog.describe(&there("air.zar")).unwrap_err();
    assert_eq!(plain(refused), ("ff::source::not_found", "did you mean `air.zarr`?".to_owned()));
    let before = catalog.fingerprint(&there("air.zarr")).unwrap();
    assert_eq!(catalog.fingerprint(&there("air.zarr")).as_ref(), Some(&before));
    memory.join("air.zarr/t/more").write(b"other").unwrap();
    assert_ne!(catalog.fingerprint(&there("air.zarr")), Some(before));
    assert_eq!(catalog.existing(&Location { format: "zarr".into(), ..there("air.zarr") }), Existing::Replaceable);
    assert_eq!(catalog.existing(&Location { format: "zarr".into(), ..there("none") }), Existing::Nothing);
    let notes = Location { format: "zarr".into(), ..there("notes.txt") };
    assert_eq!(catalog.existing(&notes), Existing::Foreign("a file".into()));
    memory.join("half/.ff-partial-1").write(b"").unwrap();
    memory.join("half/t/c/0").write(b"").unwrap();
    assert_eq!(catalog.existing(&Location { format: "zarr".into(), ..there("half") }), Existing::Nothing);
    assert_eq!(catalog.describe(&there("half")).unwrap_err().code, "ff::source::unfinished");
}
