//! A strict Discord for tests.
