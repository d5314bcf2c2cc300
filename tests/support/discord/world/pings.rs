//! Whom a message wakes: the mentions in its content, as far as `allowed_mentions` and permissions let them.
//! Embeds and components never ping. Escaping with a backslash or a zero width space protects nothing here, as this
//! looks at what Discord's server looks at: the raw content.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Id;

/// Who is pinged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pings {
    /// By `@everyone` or `@here`.
    pub everyone: bool,
    /// By name.
    pub users: BTreeSet<Id>,
    /// By role.
    pub roles: BTreeSet<Id>,
}

/// What decides about mentions when a message says nothing itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default_ {
    /// An ordinary message: everything is parsed.
    Message,
    /// An answer to an interaction: users alone.
    Interaction,
}

impl Pings {
    /// Whether nobody is.
    pub fn is_empty(&self) -> bool {
        !self.everyone && self.users.is_empty() && self.roles.is_empty()
    }

    /// Adds others.
    pub fn merge(&mut self, others: Self) {
        self.everyone |= others.everyone;
        self.users.extend(others.users);
        self.roles.extend(others.roles);
    }

    /// Everything that `content` mentions, whether it may or not.
    pub fn mentioned(content: &str) -> Self {
        let mut pings =
            Self { everyone: content.contains("@everyone") || content.contains("@here"), ..Self::default() };
        for piece in content.split('<').skip(1) {
            let Some((inside, _)) = piece.split_once('>') else { continue };
            if let Some(role) = inside.strip_prefix("@&").and_then(|id| id.parse().ok()) {
                pings.roles.insert(role);
            } else if let Some(user) = inside.strip_prefix('@') {
                pings.users.extend(user.strip_prefix('!').unwrap_or(user).parse::<Id>());
            }
        }
        pings
    }

    /// Those of them that `allowed` (the request's `allowed_mentions`) lets through.
    pub fn allowed(self, allowed: &Value, default: Default_) -> Self {
        let parse = |what: &str| match allowed.get("parse").and_then(Value::as_array) {
            Some(list) => list.iter().any(|it| it == what),
            None if allowed.is_object() => false,
            None => default == Default_::Message || what == "users",
        };
        let listed = |what: &str, id: Id| {
            let list = allowed.get(what).and_then(Value::as_array);
            list.is_some_and(|list| {
                list.iter().any(|it| it.as_str().and_then(|it| it.parse().ok()) == Some(id))
            })
        };
        Self {
            everyone: self.everyone && parse("everyone"),
            users: self.users.into_iter().filter(|id| parse("users") || listed("users", *id)).collect(),
            roles: self.roles.into_iter().filter(|id| parse("roles") || listed("roles", *id)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = "hi <@1> <@!2> \\<@3> <@&4> `<@5>` @everyone <@x> <#6> <@7";

    #[test]
    fn escapes_do_not_protect() {
        let found = Pings::mentioned(TEXT);
        assert_eq!(found.users, [1, 2, 3, 5].map(Id).into());
        assert_eq!(found.roles, [Id(4)].into());
        assert!(found.everyone && Pings::mentioned("@here").everyone);
        assert!(Pings::mentioned("@\u{200b}everyone, a@b, <@>").is_empty());
    }

    #[test]
    fn without_a_word_a_message_pings_all_and_an_answer_users_only() {
        assert_eq!(Pings::mentioned(TEXT).allowed(&Value::Null, Default_::Message), Pings::mentioned(TEXT));
        let answer = Pings::mentioned(TEXT).allowed(&Value::Null, Default_::Interaction);
        assert!(!answer.everyone && answer.roles.is_empty() && answer.users.len() == 4);
    }

    #[test]
    fn what_is_said_holds() {
        let none = Pings::mentioned(TEXT).allowed(&json!({"parse": []}), Default_::Message);
        assert!(none.is_empty());
        assert!(Pings::mentioned(TEXT).allowed(&json!({}), Default_::Message).is_empty());
        let one =
            Pings::mentioned(TEXT).allowed(&json!({"parse": [], "users": ["2", "9"]}), Default_::Message);
        assert_eq!(one, Pings { users: [Id(2)].into(), ..Pings::default() });
        let roles = Pings::mentioned(TEXT).allowed(&json!({"parse": ["roles"]}), Default_::Interaction);
        assert_eq!(roles, Pings { roles: [Id(4)].into(), ..Pings::default() });
    }
}
