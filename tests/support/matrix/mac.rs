//! What Synapse wants to see of whoever registers people without asking: it is cheaper than its own command.

use hmac::{Hmac, Mac};
use sha1::Sha1;

/// The proof that we know the shared secret, in hexadecimal.
pub(crate) fn proof(secret: &str, nonce: &str, user: &str, password: &str, admin: bool) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    let admin = if admin { "admin" } else { "notadmin" };
    mac.update([nonce, user, password, admin].join("\0").as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}
