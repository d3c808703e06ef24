"""Proofs that a program is right on every input of every length, and their independent checker.

``specifications`` says what right means, ``hardmax.runtime.nram.certificate`` is the file
that a proof is kept in; both are read by the prover (this folder) and by the checker (``checker``),
which share nothing else. Those need the extra ``prove``; reading a certificate, and all that
concerns stack machines (``stack``), does not.
"""
