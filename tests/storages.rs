//! Remote storages: the same scripts on local files and on a real S3 server, over HTTP, and through a server that makes
//! faults. Where the server is not there (`FF_WEED` names its program) that is said.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::programs::{oracle, write};

const KEY: &str = "AKIDTEST";
const SECRET: &str = "SECRETTEST";

/// A running server; it ends with the test.
struct Server {
    child: Child,
    s3: u16,
    filer: u16,
    folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A message without what its drawing puts between its words.
fn flat(text: &str) -> String {
    text.replace('│', "").split_whitespace().collect()
}

/// Whether a message says something, however its lines are broken.
fn says(text: &str, part: &str) -> bool {
    flat(text).contains(&flat(part))
}

/// A port below that of a pair: the server adds 10000 for its own protocol.
fn free_port() -> u16 {
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if (10_000..50_000).contains(&port) && TcpListener::bind(("127.0.0.1", port + 10_000)).is_ok() {
            return port;
        }
    }
}

impl Server {
    /// A server with the buckets `public`, which anyone may read, and `private`, with the stores of the oracle in both.
    fn start() -> Option<Server> {
        let Some(program) = std::env::var_os("FF_WEED") else {
            eprintln!("SKIPPED: FF_WEED is not set, so nothing was read from or written to an object store");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let identities = format!(
            r#"{{"identities": [{{"name": "tests", "credentials": [{{"accessKey": "{KEY}", "secretKey": "{SECRET}"}}],
            "actions": ["Admin", "Read", "List", "Write", "Tagging"]}},
            {{"name": "anonymous", "actions": ["Read:public", "List:public"]}}]}}"#
        );
        write(folder.path(), "s3.json", &identities);
        let (child, s3, filer) = Server::launch(&program, folder.path(), 0);
        let mut server = Server { child, s3, filer, folder };
        let stores = server.folder.path().join("stores");
        std::fs::create_dir(&stores).unwrap();
        if !oracle("storages.py", &["make", &stores.display().to_string()]) {
            return None;
        }
        // A port may have been taken by another process meanwhile.
        let (mut begun, mut again) = (Instant::now(), 0);
        while !server.makes_buckets() {
            if begun.elapsed() > Duration::from_secs(20) {
                again += 1;
                assert!(again < 6, "the server does not start");
                let _ = server.child.kill().and_then(|()| server.child.wait());
                (server.child, server.s3, server.filer) = Server::launch(&program, server.folder.path(), again);
                begun = Instant::now();
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        for bucket in ["public", "private"] {
            server.oracle("push", &[&stores.display().to_string()], &[bucket, "stores"]);
        }
        Some(server)
    }

    /// The server as a process, with the ports of its S3 and of its files.
    fn launch(program: &std::ffi::OsStr, folder: &Path, number: u32) -> (Child, u16, u16) {
        let data = format!("data{number}");
        std::fs::create_dir(folder.join(&data)).unwrap();
        let (s3, filer) = (free_port(), free_port());
        let options = [
            format!("server -ip=127.0.0.1 -ip.bind=127.0.0.1 -dir={data} -filer -s3 -s3.config=s3.json -volume.max=0"),
            format!("-master.port={} -volume.port={} -filer.port={filer}", free_port(), free_port()),
            format!("-s3.port={s3} -master.volumeSizeLimitMB=64"),
        ];
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let child = Command::new(program)
            .args(options.join(" ").split(' '))
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("FF_WEED starts");
        (child, s3, filer)
    }

    fn makes_buckets(&self) -> bool {
        ["public", "private"].iter().all(|bucket| {
            let url = format!("http://127.0.0.1:{}/buckets/{bucket}/", self.filer);
            let code = "import sys, urllib.request as u; u.urlopen(u.Request(sys.argv[1], data=b'', headers={'Content-Type': ''}, method='POST'))";
            let python = std::env::var_os("FF_PYTHON").expect("the stores are there");
            let made = Command::new(python).args(["-c", code, &url]).stderr(Stdio::null()).status();
            made.is_ok_and(|status| status.success())
        })
    }

    fn oracle(&self, what: &str, before: &[&str], after: &[&str]) {
        let filer = self.filer.to_string();
        let args = [&[what], before, &[&filer], after].concat();
        assert!(oracle("storages.py", &args));
    }

    /// What lies below a key of a bucket, as a local folder.
    fn pulled(&self, bucket: &str, key: &str) -> String {
        let folder = self.folder.path().join(format!("pulled_{}", key.replace('/', "_")));
        let _ = std::fs::remove_dir_all(&folder);
        let shown = folder.display().to_string();
        self.oracle("pull", &[], &[bucket, key, &shown]);
        shown
    }

    fn local(&self, name: &str) -> String {
        self.folder.path().join("stores").join(name).display().to_string()
    }

    /// Runs a script whose `{s3}` stands for options of a storage at a port; gives code, what was printed and what was said.
    fn run(&self, port: u16, script: &str, args: &[&str]) -> (i32, String, String) {
        let options = format!("endpoint: \"http://127.0.0.1:{port}\", region: \"us-east-1\"");
        let path = write(self.folder.path(), "script.ff", &script.replace("{s3}", &options));
        self.ffrun(&[&[path.as_str()], args].concat())
    }

    fn ffrun(&self, args: &[&str]) -> (i32, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_ffrun"))
            .args(args)
            .env_clear()
            .envs([("AWS_ACCESS_KEY_ID", KEY), ("AWS_SECRET_ACCESS_KEY", SECRET), ("PATH", "/usr/bin:/bin")])
            .output()
            .expect("ffrun starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let found = (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr));
        assert!(!found.1.contains(SECRET) && !found.2.contains(SECRET), "a secret is told: {found:?}");
        assert!(!found.1.contains(KEY) && !found.2.contains(KEY), "a key is told: {found:?}");
        found
    }

    fn succeed(&self, script: &str, args: &[&str]) -> String {
        let (code, out, said) = self.run(self.s3, script, args);
        assert_eq!(code, 0, "{script}\n{said}");
        out
    }

    /// A server before this one that makes faults: its port, and what it tells of each request.
    fn with_faults(&self, mode: &str, rate: &str, of: &[&str]) -> (Faults, u16) {
        let python = std::env::var_os("FF_PYTHON").expect("the stores are there");
        let mut child = Command::new(python)
            .args(["-u", "tests/faults/proxy.py", &self.s3.to_string(), mode, rate, "11"])
            .args(of)
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.next().unwrap().unwrap().parse().unwrap();
        // It would stop when nobody reads what it says.
        let made =
            std::thread::spawn(move || lines.map_while(Result::ok).filter(|line| !line.starts_with("ok")).count());
        (Faults { child, made: Some(made) }, port)
    }
}

struct Faults {
    child: Child,
    made: Option<std::thread::JoinHandle<usize>>,
}

impl Faults {
    /// How many were made.
    fn made(mut self) -> usize {
        let _ = self.child.kill();
        self.made.take().unwrap().join().unwrap()
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const SUMS: &str = "print sum(x.t), x.t[3, 4, 5], x.t[-1, -1, -1], max(mean(x.t[5..<25], time))\n";

#[test]
fn stores_are_read_as_local_ones_are() {
    let Some(server) = Server::start() else { return };
    for name in ["two.zarr", "three.zarr", "bare.zarr", "shards.zarr", "plain.zarr", "file.nc"] {
        let read =
            |url: &str| server.succeed(&format!("source x = open(\"{url}\") {SUMS}").replace(" print", "\nprint"), &[]);
        let expected = read(&server.local(name));
        let s3 = format!(
            "storage s = s3(\"s3://private\") {{ {{s3}} }}\nsource x = open(\"s3://private/stores/{name}\")\n{SUMS}"
        );
        assert_eq!(server.succeed(&s3, &[]), expected, "{name} on S3");
        let anonymous = format!(
            "source x = open(\"s3://public/stores/{name}\") {{ storage_options: {{ {{s3}}, skip_signature: true }} }}\n{SUMS}"
        );
        assert_eq!(server.succeed(&anonymous, &[]), expected, "{name} without a key");
        if name != "bare.zarr" {
            assert_eq!(
                read(&format!("http://127.0.0.1:{}/public/stores/{name}", server.s3)),
                expected,
                "{name} by HTTP"
            );
        }
    }
    let storage = "storage s = s3(\"s3://private\") { {s3} }\n";
    let both = |script: &str| {
        let there = server.succeed(&format!("{storage}{}", script.replace("AT", "s3://private/stores")), &[]);
        assert_eq!(there, server.succeed(&script.replace("AT", &server.local("")), &[]), "{script}");
        there
    };
    both("source a = npy(\"AT/array.npy\")\nprint sum(a), a[3, 2, 1]\n");
    both("source c = csv(\"AT/table.csv\")\nprint c.x, c.y\n");
    both("source t = zarr(\"AT/three.zarr/t\")\nprint sum(t)\n");
    both("source t = hdf5(\"AT/file.nc:/t\")\nprint sum(t)\n");
    both("source y = zarr(\"AT/year_*.zarr\") { concat: time }\nprint y.t[5..<15, 0, 0], y.time\n");
}

#[test]
fn what_is_not_there_is_said() {
    let Some(server) = Server::start() else { return };
    let storage = "storage s = s3(\"s3://private\") { {s3}, retry_timeout: 2 }\n";
    let said = |script: &str| {
        let (code, _, said) = server.run(server.s3, &format!("{storage}{script}"), &[]);
        assert_eq!(code, 3, "{said}");
        said
    };
    let near = said("source x = zarr(\"s3://private/stores/tow.zarr\")\nprint x.t[0, 0, 0]\n");
    assert!(says(&near, "there is no `s3://private/stores/tow.zarr`") && says(&near, "two.zarr"), "{near}");
    assert!(
        said("source x = zarr(\"s3://nowhere/x.zarr\") { storage_options: { {s3} } }\nprint x.t\n")
            .contains("s3://nowhere/x.zarr")
    );
    assert!(
        said("source x = zarr(\"s3://private/stores/nothing_*.zarr\") { concat: time }\nprint x.t\n")
            .contains("nothing matches")
    );
    let denied = "source x = zarr(\"s3://private/stores/two.zarr\") { storage_options: { {s3}, skip_signature: true } }\nprint x.t\n";
    let (code, _, told) = server.run(server.s3, denied, &[]);
    assert!(code == 3 && says(&told, "access is denied"), "{told}");
    let lies = "source x = zarr(\"http://127.0.0.1:1/x.zarr\") { storage_options: { retry_timeout: 1 } }\nprint x.t\n";
    let (code, _, told) = server.run(server.s3, lies, &[]);
    assert!(code == 3 && says(&told, "no connection can be made"), "{told}");
    let options =
        "source x = zarr(\"s3://private/a.zarr\") { storage_options: { secret_key: \"SECRETTEST\" } }\nprint x.t\n";
    let (code, _, told) = server.run(server.s3, options, &[]);
    assert!(code == 1 || code == 3, "{told}");
    assert!(says(&told, "have no option `secret_key`"), "{told}");
}

#[test]
fn no_more_is_fetched_than_is_read() {
    let Some(server) = Server::start() else { return };
    let report = server.folder.path().join("report.json").display().to_string();
    let storage = "storage s = s3(\"s3://private\") { {s3} }\n";
    let received = |script: &str| {
        server.succeed(&format!("{storage}{script}"), &["--report", &report]);
        let report: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&report).unwrap()).unwrap();
        assert_eq!(report["remote"]["retries"], 0);
        report["remote"]["received"].as_u64().unwrap() as f64
    };
    let plane = 256.0 * 256.0 * 4.0;
    for (script, wanted) in [
        ("source f = hdf5(\"s3://private/stores/large.h5\")\nprint mean(f.t)\n", 64.0 * plane),
        ("source f = hdf5(\"s3://private/stores/large.h5\")\nprint mean(f.t[8..<24])\n", 16.0 * plane),
        ("source f = hdf5(\"s3://private/stores/large.h5\")\nprint mean(f.flat)\n", 8.0 * plane),
    ] {
        let received = received(script);
        assert!(received >= wanted && received <= 1.1 * wanted, "{script}: {received} of {wanted}");
    }
    let inner =
        received("source x = zarr(\"s3://private/stores/shards.zarr\")\nprint sum(x.t[0..<5, 0..<10, 0..<10])\n");
    let whole = received("source x = zarr(\"s3://private/stores/shards.zarr\")\nprint sum(x.t)\n");
    assert!(inner < whole / 3.0, "{inner} of {whole}");
}

#[test]
fn stores_are_written() {
    let Some(server) = Server::start() else { return };
    let storage = "storage s = s3(\"s3://private\") { {s3} }\n";
    let write = |format: &str, url: &str, options: &str| {
        let source = server.local("three.zarr");
        format!(
            "{storage}source x = zarr(\"{source}\")\nlet y = x.t * 2\nsink {{t: y, n: x.n}} to {format}(\"{url}\") {options}\n"
        )
    };
    for (format, options, extension) in [
        ("zarr", "{ chunks: {time: 8, lat: 30} }", "zarr"),
        ("zarr", "{ version: 2 }", "zarr"),
        ("zarr", "{ chunks: {time: 4, lat: 10}, shards: {time: 20, lat: 30} }", "zarr"),
        ("netcdf", "{}", "nc"),
    ] {
        let local = server.folder.path().join(format!("expected.{extension}")).display().to_string();
        let _ = std::fs::remove_dir_all(&local);
        server.succeed(&write(format, &local, options), &["--overwrite"]);
        let name = format!("out.{extension}");
        server.succeed(&write(format, &format!("s3://private/{name}"), options), &["--overwrite"]);
        let all = server.pulled("private", "");
        assert!(oracle("storages.py", &["same", &format!("{all}/{name}"), &local]));
        let (mut left, mut expected) = (files(Path::new(&all).join(&name)), files(local.clone().into()));
        left.sort();
        expected.sort();
        assert_eq!(left, expected, "no object of the store before, and none of the run");
        let names: Vec<String> =
            std::fs::read_dir(&all).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        assert!(names.iter().all(|name| !name.starts_with(".ff-")), "{names:?}");
        let (code, printed, said) = server.ffrun(&["diff", &format!("{all}/{name}"), &local]);
        assert_eq!(code, 0, "{printed}{said}");
    }
    let (code, _, said) = server.run(server.s3, &write("zarr", "s3://private/out.zarr", ""), &[]);
    assert!(code != 0 && says(&said, "ff::sink::exists"), "{said}");
    let append = write("zarr", "s3://private/out.zarr", "{ mode: append(time) }");
    let (code, _, said) = server.run(server.s3, &append, &[]);
    assert!(code == 1 && says(&said, "is for stores of this machine"), "{said}");
}

/// The paths of the files below a folder.
fn files(folder: std::path::PathBuf) -> Vec<String> {
    let mut found = Vec::new();
    let mut pending = vec![folder.clone()];
    while let Some(at) = pending.pop() {
        if at.is_file() {
            found.push(at.strip_prefix(&folder).unwrap().display().to_string());
            continue;
        }
        pending.extend(std::fs::read_dir(at).unwrap().map(|entry| entry.unwrap().path()));
    }
    found
}

#[test]
fn runs_that_fail_leave_what_was_there() {
    let Some(server) = Server::start() else { return };
    let storage = "storage s = s3(\"s3://private\") { {s3} }\n";
    let source = server.local("three.zarr");
    let script = |end: &str| {
        format!(
            "{storage}source x = zarr(\"{source}\")\nsink {{t: x.t + 1}} to zarr(\"s3://private/a/out.zarr\")\n{end}"
        )
    };
    let failing = script("assert sum(x.t) > 1e9\n");
    let (code, _, said) = server.run(server.s3, &failing, &[]);
    assert_eq!(code, 4, "{said}");
    let left = || {
        files(server.pulled("private", "").into())
            .into_iter()
            .filter(|path| !path.starts_with("stores"))
            .collect::<Vec<_>>()
    };
    assert_eq!(left(), Vec::<String>::new());
    server.succeed(&script(""), &[]);
    let mut before = left();
    before.sort();
    let (code, _, said) = server.run(server.s3, &failing, &["--overwrite"]);
    assert_eq!(code, 4, "{said}");
    let mut after = left();
    after.sort();
    assert_eq!(after, before);
    assert!(before.iter().any(|path| path == "a/out.zarr/zarr.json"));
}

#[test]
fn faults_that_pass_are_passed() {
    let Some(server) = Server::start() else { return };
    let report = server.folder.path().join("report.json").display().to_string();
    let read =
        |name: &str| format!("source x = open(\"{name}\") {{ storage_options: {{ {{s3}}, timeout: 1 }} }}\n{SUMS}");
    let expected = |name: &str| server.succeed(&format!("source x = open(\"{}\")\n{SUMS}", server.local(name)), &[]);
    for mode in ["500", "503", "429", "reset", "hang", "slow", "partial", "short"] {
        let rate = if mode == "slow" { "100" } else { "25" };
        for name in ["two.zarr", "shards.zarr", "file.nc"] {
            let (faults, port) = server.with_faults(mode, rate, &["GET", "stores"]);
            let (code, out, said) =
                server.run(port, &read(&format!("s3://private/stores/{name}")), &["--report", &report]);
            assert_eq!((code, out), (0, expected(name)), "{mode} {name}: {said}");
            let told: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&report).unwrap()).unwrap();
            let (retries, made) = (told["remote"]["retries"].as_u64().unwrap(), faults.made());
            // A slow answer is none to be asked for again, and a short one with the length to match shows when it is decoded.
            let passes = mode == "slow" || mode == "short";
            assert!(passes || (retries == 0) == (made == 0), "{mode} {name}: {made} faults, {retries} retries");
            assert_eq!(says(&said, "were tried again"), retries > 0, "{said}");
        }
    }
}

#[test]
fn faults_that_last_are_errors_and_never_fill() {
    let Some(server) = Server::start() else { return };
    for (mode, reason) in [
        ("403", "access is denied: 403 Forbidden (Made)"),
        ("500", "the server answered 500 (Made)"),
        ("partial", "broke"),
        ("hang", "the server said nothing for 1 s"),
        ("404", "-1"),
    ] {
        let (faults, port) = server.with_faults(mode, "100", &["GET", "plain.zarr/t/c/1/2/0"]);
        let script = "source x = zarr(\"s3://private/stores/plain.zarr\") { storage_options: { {s3}, timeout: 1, retry_timeout: 2 } }\n\
                      print sum(x.t), x.t[15, 25, 0]\n";
        let (code, out, said) = server.run(port, script, &[]);
        assert!(faults.made() > 0);
        if mode == "404" {
            assert!(code == 0 && out.contains(reason), "only what is not there is the fill value: {out}{said}");
            continue;
        }
        assert_eq!((code, out.as_str()), (3, ""), "{said}");
        for part in [reason, "chunk [1, 2, 0]", "`/t`", "s3://private/stores/plain.zarr/t/c/1/2/0"] {
            assert!(says(&said, part), "{mode}: {part} is missing in {said}");
        }
    }
}

#[test]
fn a_run_that_waits_is_interrupted_at_once() {
    let Some(server) = Server::start() else { return };
    let (_faults, port) = server.with_faults("hang", "100", &["GET", "plain.zarr/t/c/"]);
    let script = format!(
        "source x = zarr(\"s3://private/stores/plain.zarr\") {{ storage_options: {{ endpoint: \"http://127.0.0.1:{port}\" }} }}\n\
         sink {{t: x.t}} to zarr(\"{}\")\n",
        server.folder.path().join("never.zarr").display()
    );
    let path = write(server.folder.path(), "waits.ff", &script);
    let mut child = Command::new(env!("CARGO_BIN_EXE_ffrun"))
        .arg(&path)
        .envs([("AWS_ACCESS_KEY_ID", KEY), ("AWS_SECRET_ACCESS_KEY", SECRET)])
        .stderr(Stdio::null())
        .spawn()
        .expect("ffrun starts");
    std::thread::sleep(Duration::from_secs(3));
    assert!(child.try_wait().unwrap().is_none(), "it waits for the storage");
    let stopped = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    let begun = Instant::now();
    let code = child.wait().unwrap().code();
    assert_eq!(code, Some(130));
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert!(!server.folder.path().join("never.zarr").exists());
}

#[test]
fn stores_are_written_through_faults() {
    let Some(server) = Server::start() else { return };
    let source = server.local("three.zarr");
    for (mode, method) in [("500", ""), ("reset", "PUT"), ("lost", "PUT"), ("error200", "PUT"), ("503", "DELETE")] {
        let (faults, port) = server.with_faults(mode, "20", &[method, "faulty"]);
        let script = format!(
            "storage s = s3(\"s3://private/faulty\") {{ {{s3}}, timeout: 2 }}\nsource x = zarr(\"{source}\")\n\
             sink x to zarr(\"s3://private/faulty/out.zarr\") {{ chunks: {{time: 5}} }}\n"
        );
        let (code, _, said) = server.run(port, &script, &["--overwrite"]);
        assert_eq!(code, 0, "{mode}: {said}");
        assert!(faults.made() > 0 || method == "DELETE", "{mode}");
        let all = server.pulled("private", "faulty");
        assert!(oracle("storages.py", &["same", &format!("{all}/out.zarr"), &source]));
        assert_eq!(std::fs::read_dir(&all).unwrap().count(), 1, "{mode}");
    }
}

#[test]
fn credentials_are_told_nowhere() {
    let Some(server) = Server::start() else { return };
    let out = server.folder.path().join("out.zarr").display().to_string();
    let report = server.folder.path().join("report.json").display().to_string();
    let script = format!(
        "param secret: str\nsource x = zarr(\"s3://private/stores/two.zarr\") {{ storage_options: {{ {{s3}},\n  \
         access_key_id: \"{KEY}\", secret_access_key: secret }} }}\nsink x to zarr(\"{out}\")\nprint x.t[0, 0, 0]\n"
    );
    let path = write(
        server.folder.path(),
        "script.ff",
        &script.replace("{s3}", &format!("endpoint: \"http://127.0.0.1:{}\"", server.s3)),
    );
    let run = |program: &str, args: &[&str]| {
        let output =
            Command::new(program).args(args).env_clear().env("AWS_EC2_METADATA_DISABLED", "true").output().unwrap();
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!text.contains(SECRET) && !text.contains(KEY), "{args:?}: {text}");
        (output.status.code(), text)
    };
    let given = format!("--secret={SECRET}");
    let (ffrun, ffplan) = (env!("CARGO_BIN_EXE_ffrun"), env!("CARGO_BIN_EXE_ffplan"));
    let (code, said) = run(ffrun, &[&path, &given, "--report", &report, "--log", "debug"]);
    assert_eq!(code, Some(0), "{said}");
    for view in [&["--why"][..], &["--format", "json"], &["--format", "dot"]] {
        run(ffplan, &[&[path.as_str(), &given], view].concat());
    }
    // Mistakes beside the credentials quote the script.
    let wrong = script.replace("print x.t", "print x.nothing").replace("secret }", "secret, regoin: 1 }");
    let path = write(server.folder.path(), "wrong.ff", &wrong.replace("{s3}", "region: \"x\""));
    let (code, said) = run(ffrun, &[&path, &given]);
    assert!(code != Some(0) && says(&said, "regoin"), "{said}");
    for path in files(server.folder.path().join("out.zarr")).iter().map(|path| format!("{out}/{path}")).chain([report])
    {
        let bytes = std::fs::read(&path).unwrap();
        let holds = |secret: &str| bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!holds(SECRET) && !holds(KEY), "{path}");
    }
}

/// Secrets that come by a name are hidden as those that stand where they are used; a sink may stand before them. Needs no store.
#[test]
fn secrets_are_hidden_wherever_they_stand() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = |script: &str, args: &[&str]| {
        std::fs::write(folder.path().join("s.ff"), script).expect("a script");
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_ffrun"));
        let output =
            command.args([&["s.ff"], args].concat()).current_dir(folder.path()).output().expect("ffrun starts");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let named = "let key = \"S3CRETKEY\"\n\
                 source x = zarr(\"s3://b/x.zarr\") { storage_options: { secret_access_key: key, regoin: \"a\" } }\nprint x\n";
    let (code, told) = run(named, &[]);
    assert!(code == Some(1) && told.contains("let key") && !told.contains("S3CRET"), "{told}");
    let server = "source x = zarr(\"s3://b/x.zarr\") { storage_options: { endpoint: \"http://me:S3CRETKEY@127.0.0.1:1\" } }\nprint x\n";
    let (code, told) = run(server, &[]);
    assert!(code == Some(1) && told.contains("ff::storage::options") && !told.contains("S3CRET"), "{told}");
    let late = "param key: str\nsink {x: arange(0, 3, 1, dim: t)} to zarr(\"o.zarr\")\n\
                storage s = s3(\"s3://b/c\") { secret_access_key: key }\n";
    let (code, told) = run(late, &["--key=S3CRETKEY"]);
    assert_eq!(code, Some(0), "{told}");
    let recorded = std::fs::read_to_string(folder.path().join("o.zarr/zarr.json")).expect("metadata");
    assert!(recorded.contains("functionfuse_params") && !recorded.contains("S3CRET"), "{recorded}");
}
