//! What every storage does the same way: the local file system, and object_store's in memory for those behind it.

use super::*;

/// The same folder in each storage, by name.
fn roots() -> (tempfile::TempDir, Vec<(&'static str, Place)>) {
    let folder = tempfile::tempdir().unwrap();
    let memory = Storages::default().place("memory://conformance/a/b").unwrap();
    let local = Place::local(folder.path());
    (folder, vec![("local", local), ("memory", memory)])
}

#[test]
fn objects_are_read_as_they_were_written() {
    let (_folder, roots) = roots();
    let bytes: Vec<u8> = (0..100_000u32).map(|i| (i % 251) as u8).collect();
    for (name, root) in roots {
        let place = root.join("x/y/z");
        assert_eq!(place.read(10), Ok(None), "{name}");
        assert_eq!(place.kind(), Ok(None), "{name}");
        assert_eq!(place.storage.read_into(&place.key, &mut [0; 3]), Ok(false), "{name}");
        assert!(place.open().unwrap().is_none(), "{name}");
        place.write(b"first").unwrap();
        place.write(&bytes).unwrap();
        assert_eq!(place.read(100_000).unwrap().as_ref(), Some(&bytes), "{name}");
        assert_eq!(place.read(99_999), Err(Failure::Length(100_000)), "{name}");
        let mut out = vec![0; 100_000];
        assert_eq!(place.storage.read_into(&place.key, &mut out), Ok(true), "{name}");
        assert_eq!(out, bytes, "{name}");
        assert_eq!(place.storage.read_into(&place.key, &mut [0; 3]), Err(Failure::Length(100_000)), "{name}");
        let object = place.open().unwrap().unwrap();
        assert_eq!(object.size(), 100_000, "{name}");
        for (offset, size) in [(0, 1), (5, 1000), (99_999, 1), (0, 100_000), (50, 0)] {
            let mut out = vec![0; size];
            object.read_into(offset as u64, &mut out).unwrap();
            assert_eq!(out, bytes[offset..offset + size], "{name}: {size} from {offset}");
        }
        assert!(object.read_into(99_990, &mut [0; 20]).is_err(), "{name}");
        let (object, end) = place.storage.open_with_end(&place.key, 10).unwrap().unwrap();
        assert_eq!((object.size(), &end[..]), (100_000, &bytes[99_990..]), "{name}");
        let (_, all) = place.storage.open_with_end(&place.key, 200_000).unwrap().unwrap();
        assert_eq!(all, bytes, "{name}");
        assert!(place.starts_with(&bytes[..7]) && !place.starts_with(b"xyz"), "{name}");
    }
}

#[test]
fn what_lies_below_a_key_is_listed() {
    let (_folder, roots) = roots();
    for (name, root) in roots {
        for below in ["b/1", "a", "b/c/2", "empty"] {
            root.join(below).write(if below == "empty" { b"" } else { b"some" }).unwrap();
        }
        let listed: Vec<(String, bool)> = root.list().unwrap().into_iter().map(|e| (e.name, e.is_folder)).collect();
        let expected = [("a", false), ("b", true), ("empty", false)].map(|(name, is)| (name.to_owned(), is));
        assert_eq!(listed, expected, "{name}");
        assert_eq!(root.join("b").kind(), Ok(Some(Kind::Folder)), "{name}");
        assert!(root.join("b").is_folder() && !root.join("b").is_object(), "{name}");
        assert!(matches!(root.join("empty").kind(), Ok(Some(Kind::Object(0, _)))), "{name}");
        let before = root.join("a").kind();
        root.join("a").write(b"others").unwrap();
        assert_ne!(root.join("a").kind(), before, "{name}: a version is told from another");
        root.storage.remove(&root.join("a").key).unwrap();
        root.storage.remove(&root.join("a").key).unwrap();
        assert_eq!(root.join("a").kind(), Ok(None), "{name}");
    }
}

#[test]
fn ranges_are_fetched_ahead() {
    let (_folder, roots) = roots();
    let bytes: Vec<u8> = (0..200_000u32).map(|i| (i % 251) as u8).collect();
    for (name, root) in roots {
        let place = root.join("ahead");
        place.write(&bytes).unwrap();
        let object = place.open().unwrap().unwrap();
        let ranges = [(150_000, 100), (0, 50_000), (50_000, 1000), (10, 20)];
        let begun = object.begin(&ranges);
        assert_eq!(begun.len(), if name == "local" { 0 } else { ranges.len() }, "{name}");
        for ((offset, size), pending) in ranges.into_iter().zip(begun) {
            assert_eq!(pending.take().unwrap(), bytes[offset as usize..(offset + size) as usize], "{name}");
        }
        let whole = place.storage.begin(&place.key, 200_000).map(|pending| pending.take().unwrap().unwrap());
        assert_eq!(whole, (name != "local").then(|| bytes.clone()), "{name}");
        let none = place.storage.begin(&root.join("none").key, 10).map(|pending| pending.take().unwrap());
        assert_eq!(none, (name != "local").then_some(None), "{name}");
    }
}

#[test]
fn an_object_that_was_replaced_is_not_read_in_part() {
    let place = Storages::default().place("memory://conformance/replaced").unwrap();
    place.write(b"one version").unwrap();
    let object = place.open().unwrap().unwrap();
    place.write(b"two version").unwrap();
    let failure = object.read_into(0, &mut [0; 3]).unwrap_err();
    assert_eq!(failure.to_string(), "it has changed since it was opened");
    place.storage.remove(&place.key).unwrap();
    assert!(object.read_into(0, &mut [0; 3]).is_err());
}

#[test]
fn many_keys_are_copied_and_removed() {
    let root = Storages::default().place("memory://conformance/many").unwrap();
    let keys: Vec<String> = (0..100).map(|i| root.join(&format!("from/{i:03}")).key).collect();
    for key in &keys {
        root.storage.write(key, key.as_bytes()).unwrap();
    }
    let pairs: Vec<(String, String, u64)> =
        keys.iter().map(|key| (key.clone(), key.replace("from", "to"), key.len() as u64)).collect();
    root.storage.copy_all(&pairs).unwrap();
    root.storage.remove_all(&keys).unwrap();
    assert_eq!(root.storage.keys(&root.join("from").key).unwrap(), []);
    let found = root.storage.keys(&root.join("to").key).unwrap();
    assert_eq!(
        found.iter().map(|(key, _)| key).collect::<Vec<_>>(),
        pairs.iter().map(|(_, to, _)| to).collect::<Vec<_>>()
    );
    let lost = root.storage.copy_all(&[("many/none".to_owned(), "many/other".to_owned(), 1)]);
    assert!(lost.unwrap_err().to_string().contains("no longer there"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    // In parts, the last of which is a short one.
    let bytes: Vec<u8> = (0..(33 << 20) + 5u32).map(|i| (i >> 8) as u8).collect();
    std::fs::write(&path, &bytes).unwrap();
    let target = root.join("file");
    target.storage.upload(&target.key, &path).unwrap();
    assert!(target.read(u64::MAX).unwrap() == Some(bytes));
}

/// A key that no object can have is no reason to look at the whole bucket.
#[test]
fn odd_keys_are_refused() {
    let root = Storages::default().place("memory://conformance-odd/a").unwrap();
    root.join("b").write(b"some").unwrap();
    for odd in ["a//b", "a/../c", "./a"] {
        assert!(root.storage.keys(odd).unwrap_err().to_string().contains("no object can have this key"), "{odd}");
        assert!(root.storage.list(odd).is_err() && root.storage.kind(odd).is_err(), "{odd}");
    }
    assert_eq!(root.storage.keys("").unwrap().len(), 1);
    assert_eq!(root.storage.keys("a/").unwrap().len(), 1);
}
