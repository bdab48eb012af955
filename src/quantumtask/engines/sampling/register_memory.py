"""The bits of each shot by register, in the form of Qiskit's BitArray."""

from collections.abc import Mapping, Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from quantumtask.openqasm.program.program import Register, Sweep

PackedMemory = NDArray[np.uint8]
"""Shots as bytes along the last axis, the largest first; unused bits are the highest ones."""


def register_memory(memory: PackedMemory, sweep: Sweep) -> dict[str, PackedMemory]:
    """Return the memory of each register, under the name `memory.REGISTER`.

    Args:
        memory: uint8 [*shape, shots, bytes] with the bits of all registers.
        sweep: The programs.
    """
    bits_by_name = sweep.register_bits
    if bits_by_name is None:
        bits_by_name = _declared_bits(sweep.program.registers)
    every_bit = list(range(sweep.program.bits))
    return {
        f"memory.{name}": memory if list(bits) == every_bit else pick_bits(memory, bits)
        for name, bits in bits_by_name.items()
    }


def _declared_bits(registers: Sequence[Register]) -> Mapping[str, Sequence[int]]:
    ends = accumulate(register.size for register in registers)
    return {
        register.name: range(end - register.size, end)
        for register, end in zip(registers, ends, strict=True)
    }


def pick_bits(memory: PackedMemory, bits: Sequence[int]) -> PackedMemory:
    """Return some bits of each shot, the first of which becomes bit 0."""
    size = memory.shape[-1]
    if not bits:
        return np.zeros((*memory.shape[:-1], 0), dtype=np.uint8)
    unpacked = np.unpackbits(memory, axis=-1, bitorder="big")
    chosen = unpacked[..., [8 * size - 1 - bit for bit in reversed(bits)]]
    padding = [(0, 0)] * (chosen.ndim - 1) + [(-len(bits) % 8, 0)]
    return np.packbits(np.pad(chosen, padding), axis=-1, bitorder="big")
