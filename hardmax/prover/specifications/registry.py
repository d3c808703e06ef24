"""The tasks that have a specification."""

from __future__ import annotations

from hardmax.prover.specifications.access import ACCESS
from hardmax.prover.specifications.arrays import ARRAYS
from hardmax.prover.specifications.copies import COPY, REVERSE
from hardmax.prover.specifications.increment import INCREMENT
from hardmax.prover.specifications.lists import LIST_REVERSE, LISTK, LISTSEARCH
from hardmax.prover.specifications.merge import MERGE
from hardmax.prover.specifications.permutation import PERMUTATION
from hardmax.prover.specifications.specification import Specification
from hardmax.prover.specifications.swap import SWAP
from hardmax.prover.specifications.walkbst import WALKBST

SPECIFICATIONS: dict[str, Specification] = {
    specification.task: specification
    for specification in (
        ACCESS,
        INCREMENT,
        COPY,
        REVERSE,
        SWAP,
        PERMUTATION,
        LISTK,
        LISTSEARCH,
        LIST_REVERSE,
        MERGE,
        WALKBST,
        *ARRAYS,
    )
}
"""By the task's name."""
