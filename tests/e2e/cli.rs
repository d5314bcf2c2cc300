//! The command line.

use crate::gavel::{Home, Said};

fn gavel(arguments: &[&str]) -> Said {
    Home::with("").gavel(arguments)
}

#[test]
fn help_and_version() {
    let help = gavel(&["--help"]);
    assert_eq!((help.code, help.err.as_str()), (Some(0), ""));
    for words in ["Examples:", "Exit codes:", "gavel demo", "gavel check --config", "RUST_LOG"] {
        assert!(help.out.contains(words), "{words}: {}", help.out);
    }
    for command in ["demo", "rehearse", "run", "check", "completions"] {
        let help = gavel(&[command, "--help"]);
        assert!(help.code == Some(0) && help.out.contains("Example"), "{help:?}");
    }
    let version = gavel(&["--version"]);
    assert_eq!(version.out, format!("gavel {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_exit_code_is_in_the_help_and_in_the_readme() {
    let help = gavel(&["--help"]).out;
    let readme = std::fs::read_to_string(crate::gavel::repository("README.md")).unwrap();
    for code in ["0", "2", "69", "70", "75", "78"] {
        assert!(help.lines().any(|line| line.starts_with(&format!("  {code} "))), "{code} in the help");
        assert!(readme.contains(&format!("| {code} |")), "{code} in the README");
    }
}

#[test]
fn a_wrong_command_line_is_2() {
    for arguments in
        [&[][..], &["rnu"], &["run"], &["check"], &["run", "--config"], &["--log-format", "xml", "check"]]
    {
        let said = gavel(arguments);
        assert_eq!(said.code, Some(2), "{arguments:?}: {said:?}");
        assert!(said.out.is_empty() && said.err.contains("--help"), "{said:?}");
    }
    assert!(gavel(&["chek"]).err.contains("'check'"));
}

#[test]
fn completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let said = gavel(&["completions", shell]);
        assert_eq!(said.code, Some(0), "{said:?}");
        for word in ["check", "demo", "rehearse", "--script", "--kind", "--console", "--log-format"] {
            let word = if shell == "fish" { word.trim_start_matches('-') } else { word };
            assert!(said.out.contains(word), "{shell} has no {word}");
        }
    }
}
