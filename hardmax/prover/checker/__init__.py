"""The checker of certificates: written against docs/proofs.md, sharing nothing with the prover.

It knows the specifications, their language and the certificate's format, and no other module of
``hardmax.prover``.
"""
