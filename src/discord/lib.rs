//! Discord as a chat network.
