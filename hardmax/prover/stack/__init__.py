"""Proofs about stack machines, for every length: reachability, no solver."""
