//! Matrix as a chat network.
