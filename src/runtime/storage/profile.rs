//! The profile files of AWS: `~/.aws/credentials` and `~/.aws/config`.
//!
//! Deliberately absent: profiles that lead to others (`source_profile`, `role_arn`), single sign-on and programs that give
//! credentials (`credential_process`).

use std::collections::BTreeMap;
use std::path::PathBuf;

use object_store::aws::AmazonS3ConfigKey;

use crate::planner::catalog::CatalogError;

type Sections = BTreeMap<String, BTreeMap<String, String>>;

/// What the profile named says, else that of the environment; the default one only where the environment has no keys.
///
/// # Errors
/// A profile that is asked for is not there.
pub(super) fn settings(named: Option<&str>) -> Result<Vec<(AmazonS3ConfigKey, String)>, CatalogError> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let asked = named.map(str::to_owned).or_else(|| set("AWS_PROFILE"));
    let has_keys = ["AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"]
        .iter()
        .any(|name| set(name).is_some());
    if asked.is_none() && has_keys {
        return Ok(Vec::new());
    }
    let home = || set("HOME").map(PathBuf::from);
    let read = |variable: &str, name: &str| {
        let path = set(variable).map(PathBuf::from).or_else(|| Some(home()?.join(".aws").join(name)));
        path.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default()
    };
    let (credentials, config) = (read("AWS_SHARED_CREDENTIALS_FILE", "credentials"), read("AWS_CONFIG_FILE", "config"));
    let found = of_profile(&credentials, &config, asked.as_deref().unwrap_or("default"));
    match (found, asked) {
        (Some(found), _) => Ok(found),
        (None, None) => Ok(Vec::new()),
        (None, Some(name)) => {
            let message = format!("there is no profile `{name}` in the files of AWS");
            let help = "they are `~/.aws/credentials` and `~/.aws/config`, or where `AWS_SHARED_CREDENTIALS_FILE` and \
                        `AWS_CONFIG_FILE` say";
            Err(CatalogError::new("ff::storage::options", message).with_help(help))
        }
    }
}

/// What both files say of a profile; none where neither knows it.
fn of_profile(credentials: &str, config: &str, name: &str) -> Option<Vec<(AmazonS3ConfigKey, String)>> {
    let (keys, others) = (sections(credentials), sections(config));
    let in_config = if name == "default" { name.to_owned() } else { format!("profile {name}") };
    let found = [keys.get(name), others.get(&in_config)];
    if found.iter().all(Option::is_none) {
        return None;
    }
    let all: BTreeMap<&str, &str> =
        found.into_iter().flatten().rev().flatten().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let known = [
        ("aws_access_key_id", AmazonS3ConfigKey::AccessKeyId),
        ("aws_secret_access_key", AmazonS3ConfigKey::SecretAccessKey),
        ("aws_session_token", AmazonS3ConfigKey::Token),
        ("region", AmazonS3ConfigKey::Region),
        ("endpoint_url", AmazonS3ConfigKey::Endpoint),
    ];
    Some(known.into_iter().filter_map(|(name, key)| Some((key, (*all.get(name)?).to_owned()))).collect())
}

/// The sections of such a file. Indented lines belong to the setting above them and say nothing to us.
fn sections(text: &str) -> Sections {
    let mut sections = Sections::new();
    let mut at = None;
    for line in text.lines().filter(|line| !line.starts_with([' ', '\t', '#', ';'])) {
        if let Some(name) = line.trim().strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            at = Some(name.split_whitespace().collect::<Vec<_>>().join(" "));
            sections.entry(at.clone().unwrap_or_default()).or_default();
        } else if let (Some(section), Some((name, value))) = (&at, line.split_once('=')) {
            let section = sections.entry(section.clone()).or_default();
            section.insert(name.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_read_from_both_files() {
        let credentials =
            "# keys\n[default]\naws_access_key_id = A\naws_secret_access_key=B\n[ other ]\naws_access_key_id=C\n";
        let config = "[default]\nregion = eu-west-1\n[profile other]\ns3 =\n  max = 1\nendpoint_url = http://x\n[profile third]\n";
        let found = |name: &str| {
            let found = of_profile(credentials, config, name)?;
            Some(
                found.into_iter().map(|(key, value)| format!("{}={value}", key.as_ref())).collect::<Vec<_>>().join(" "),
            )
        };
        assert_eq!(
            found("default").as_deref(),
            Some("aws_access_key_id=A aws_secret_access_key=B aws_region=eu-west-1")
        );
        assert_eq!(found("other").as_deref(), Some("aws_access_key_id=C aws_endpoint=http://x"));
        assert_eq!(found("third").as_deref(), Some(""));
        assert_eq!(found("none"), None);
    }
}
