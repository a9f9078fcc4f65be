//! The command line: `--name value` pairs.

use std::{collections::HashMap, env, str::FromStr};

pub struct Arguments(HashMap<String, String>);

impl Arguments {
    pub fn read() -> Arguments {
        let words: Vec<String> = env::args().skip(1).collect();
        let pairs = words.chunks(2).map(|pair| match pair {
            [name, value] if name.starts_with("--") => (name[2..].to_owned(), value.clone()),
            _ => panic!("arguments are pairs of --name and value, not {pair:?}"),
        });
        Arguments(pairs.collect())
    }

    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).unwrap_or_else(|| panic!("--{name} is missing"))
    }

    pub fn number<T: FromStr>(&self, name: &str, default: T) -> T {
        match self.0.get(name) {
            Some(text) => text.parse().unwrap_or_else(|_| panic!("--{name} {text} is no number")),
            None => default,
        }
    }
}
