// Chance that repeats: SplitMix64, as the SDK for Rust has it, so that a seed opens the same chest in either language.

const word = (number) => BigInt.asUintN(64, number);

export class Chance {
  #state;

  constructor(seed) {
    this.#state = seed;
  }

  /** Any 64 bits. */
  bits() {
    this.#state = word(this.#state + 0x9e37_79b9_7f4a_7c15n);
    let mixed = this.#state;
    mixed = word((mixed ^ (mixed >> 30n)) * 0xbf58_476d_1ce4_e5b9n);
    mixed = word((mixed ^ (mixed >> 27n)) * 0x94d0_49bb_1331_11ebn);
    return mixed ^ (mixed >> 31n);
  }

  /** 0 to `count - 1`, each equally likely. */
  below(count) {
    const uneven = word(-count) % count;
    for (;;) {
      const product = this.bits() * count;
      if (word(product) >= uneven) return product >> 64n;
    }
  }

  /** From one to another, both included, each equally likely. */
  between(from, to) {
    return from + this.below(to - from + 1n);
  }

  /** The index of one of the weights, in proportion to its weight; nothing when all are zero. */
  weighted(weights) {
    const total = weights.reduce((sum, weight) => sum + weight, 0n);
    if (total === 0n) return undefined;
    let left = this.below(total);
    return weights.findIndex((weight) => {
      if (left < weight) return true;
      left -= weight;
      return false;
    });
  }
}
