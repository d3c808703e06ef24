"""Decisions: softmax of the logits, Gumbel noise, straight-through samples, and the adjoint.

A choice is found by its slot; a logit by its place among the allowed ones. Of the logits, log p is
left, which the entropy's gradient needs; last, their gradient is.
"""

from __future__ import annotations

import math

from hardmax.trainer.gradient_clipping import LOG_FLOOR
from hardmax.trainer.nram.native.elementary import exponential, logarithm
from hardmax.trainer.nram.native.layout import Layout
from hardmax.trainer.nram.native.philox import GUMBEL, counter, gumbel, philox
from hardmax.trainer.nram.native.vector_code import Code, Module, Value

LEAST_LOG = math.log(LOG_FLOOR)


class Choosing:
    """Functions that handle all decisions of a timestep."""

    def __init__(self, module: Module, layout: Layout) -> None:
        self.module = module
        self.layout = layout
        self.values = layout.wiring.values
        self.first = module.table([decision.logits for decision in layout.decisions])
        self.allowed = module.table([decision.allowed for decision in layout.decisions])
        self.slots = module.table(layout.slots)

    def softmax(self) -> Value:
        """``(logits, choices)``: choices = softmax, logits = its logarithm."""

        def body(code: Code, logits: Value, choices: Value) -> None:
            def decide(d: Value) -> None:
                row, count, chosen = self._decision(code, d, logits, choices)

                def widest(v: Value, most: Value) -> list[Value]:
                    return [code.larger(code.get(row, v), most)]

                (most,) = code.loop(count, widest, [code.get(row)], start=1)

                def shift(v: Value, total: Value) -> list[Value]:
                    logit = code.minus(code.get(row, v), most)
                    code.put(row, v, logit)
                    weight = exponential(code, logit)
                    code.put(chosen, self._slot(code, v), weight)
                    return [code.plus(total, weight)]

                (total,) = code.loop(count, shift, [code.number(0.0)])
                share = code.over(code.number(1.0), total)
                log_total = logarithm(code, total)

                def normalise(v: Value) -> None:
                    slot = self._slot(code, v)
                    code.put(chosen, slot, code.times(code.get(chosen, slot), share))
                    code.put(row, v, code.minus(code.get(row, v), log_total))

                code.loop(count, normalise)

            code.loop(self.layout.wiring.decisions, decide)

        return self.module.function("softmax", "pp", body)

    def noise(self) -> Value:
        """``(logits, scale, key, timestep, first_lane)``: add Gumbel noise to all logits."""

        def body(
            code: Code, logits: Value, scale: Value, key: Value, timestep: Value, first_lane: Value
        ) -> None:
            def four(k: Value) -> None:
                bits = philox(code, counter(code, first_lane, k, timestep, GUMBEL), key)
                for i, word in enumerate(bits):
                    place = code.add(k, i)
                    code.put(
                        logits, place, code.fma(scale, gumbel(code, word), code.get(logits, place))
                    )

            # The last four may reach the halting logit and columns without meaning, so that the
            # halting logit is kept.
            halting = code.get(logits, self.layout.logits)
            code.loop(self.layout.logits, four, step=4)
            code.put(logits, self.layout.logits, halting)

        return self.module.function("gumbel_noise", "pviii", body)

    def harden(self) -> Value:
        """``(logits, choices, hard)``: in the hard samples, choices = one-hot of the maximum.

        ``hard`` is a row of one vector of i32; logits may be log p as well.
        """

        def body(code: Code, logits: Value, choices: Value, hard: Value) -> None:
            chosen_samples = code.builder.icmp_signed(
                "!=", code.get_integers(hard), code.integer(0)
            )

            def decide(d: Value) -> None:
                row, count, chosen = self._decision(code, d, logits, choices)
                best = self._first_maximum(code, row, count)

                def choose(v: Value) -> None:
                    slot = self._slot(code, v)
                    here = code.builder.icmp_signed("==", best, self._integers(code, v))
                    one_hot = code.select(here, code.number(1.0), code.number(0.0))
                    code.put(
                        chosen, slot, code.select(chosen_samples, one_hot, code.get(chosen, slot))
                    )

                code.loop(count, choose)

            code.loop(self.layout.wiring.decisions, decide)

        return self.module.function("harden", "ppp", body)

    def first_maxima(self) -> Value:
        """``(logits, best)``: for every decision a vector of i32, the value chosen by hardmax."""

        def body(code: Code, logits: Value, best: Value) -> None:
            def decide(d: Value) -> None:
                row, count, _ = self._decision(code, d, logits, logits)
                code.put_integers(best, d, self._first_maximum(code, row, count))

            code.loop(self.layout.wiring.decisions, decide)

        return self.module.function("first_maxima", "pp", body)

    def adjoint(self, straight_through: bool) -> Value:
        """``(logits, choices, d_choices, entropy_weight, hard)``: the gradient, for log p.

        Of the entropy of choices as well, weighted by a vector. ``hard`` as for :meth:`harden`;
        there the gradient at the one-hot is passed to the softmax.
        """

        def body(
            code: Code, logits: Value, choices: Value, gradients: Value, weight: Value, hard: Value
        ) -> None:
            if straight_through:
                hardened = code.builder.icmp_signed("!=", code.get_integers(hard), code.integer(0))
            zero, least = code.number(0.0), code.number(LEAST_LOG)
            below = code.number(2 * LEAST_LOG)  # the logarithm of a one-hot's zeros, cut off anyway

            def decide(d: Value) -> None:
                row, count, chosen = self._decision(code, d, logits, choices)
                _, _, gradient = self._decision(code, d, logits, gradients)

                def soft(v: Value, choice: Value) -> Value:
                    if not straight_through:
                        return choice
                    return code.select(hardened, exponential(code, code.get(row, v)), choice)

                def entropy(v: Value, mean: Value) -> list[Value]:
                    slot = self._slot(code, v)
                    choice, log = code.get(chosen, slot), code.get(row, v)
                    if straight_through:
                        one_hot = code.select(code.compare(">", choice, zero), zero, below)
                        log = code.select(hardened, one_hot, log)
                    above = code.compare(">=", log, least)
                    slope = code.select(above, code.plus(log, code.number(1.0)), least)
                    pull = code.minus(code.get(gradient, slot), code.times(weight, slope))
                    code.put(gradient, slot, pull)
                    return [code.fma(soft(v, choice), pull, mean)]

                (mean,) = code.loop(count, entropy, [zero])

                def logit(v: Value) -> None:
                    slot = self._slot(code, v)
                    pull = code.minus(code.get(gradient, slot), mean)
                    code.put(row, v, code.times(soft(v, code.get(chosen, slot)), pull))

                code.loop(count, logit)

            code.loop(self.layout.wiring.decisions, decide)

        name = "decisions_adjoint" + "_straight_through" * straight_through
        return self.module.function(name, "pppvp", body)

    def _decision(
        self, code: Code, d: Value, logits: Value, choices: Value
    ) -> tuple[Value, Value, Value]:
        """A decision's logits, how many are allowed, and its row of slots."""
        row = code.at(logits, code.get_index(self.first, d))
        return row, code.get_index(self.allowed, d), code.at(choices, code.multiply(d, self.values))

    def _slot(self, code: Code, value: Value) -> Value:
        return code.get_index(self.slots, value)

    def _integers(self, code: Code, value: Value) -> Value:
        """An i64 in every lane."""
        return code.spread(code.builder.trunc(value, code.module.integers.element))

    def _first_maximum(self, code: Code, row: Value, count: Value) -> Value:
        """The lowest number of a largest vector, lane by lane, i32."""

        def step(v: Value, most: Value, best: Value) -> list[Value]:
            logit = code.get(row, v)
            above = code.compare(">", logit, most)
            return [
                code.select(above, logit, most),
                code.select(above, self._integers(code, v), best),
            ]

        _, best = code.loop(count, step, [code.get(row), code.integer(0)], start=1)
        return best
