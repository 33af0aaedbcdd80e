//! What the core has no floating-point functions for: IEEE 754 defines + - * / to the last bit on
//! every platform, and the functions of a C library not at all.
#![expect(
    clippy::float_arithmetic,
    reason = "IEEE 754 defines + - * / to the last bit"
)]

use alloc::vec::Vec;

/// The square root, to the last bits, by Newton's iteration.
pub(super) fn sqrt(value: f64) -> f64 {
    if value.is_nan() || value <= 0.0 || value.is_infinite() {
        return 0.0;
    }
    // Half the exponent is a root to within a twentieth.
    let half = (value.to_bits() >> 1).wrapping_add(0x1ff8 << 48);
    (0..5).fold(f64::from_bits(half), |root, _| {
        f64::midpoint(root, value / root)
    })
}

/// A whole power.
pub(super) fn power(base: f64, mut exponent: u64) -> f64 {
    let (mut square, mut result) = (base, 1.0);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result *= square;
        }
        square *= square;
        exponent >>= 1;
    }
    result
}

/// Where something that grows with its argument reaches zero, between these two.
pub(super) fn zero(mut low: f64, mut high: f64, steps: u32, grows: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..steps {
        let middle = f64::midpoint(low, high);
        if grows(middle) < 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// The value in the middle, the upper one of two; zero if there is none.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_right_to_the_last_bits_and_never_wrong() {
        for value in [1e-300, 1e-9, 0.25, 1.0, 2.0, 3.0, 1e6, 123_456.789, 1e300] {
            let root = sqrt(value);
            assert!(((root * root - value) / value).abs() < 1e-15, "{value}");
        }
        for value in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(sqrt(value).to_bits(), 0);
        }
    }

    #[test]
    fn powers_zeros_and_medians() {
        assert_eq!(power(0.5, 10).to_bits(), (1.0_f64 / 1024.0).to_bits());
        assert_eq!(power(7.0, 0).to_bits(), 1.0_f64.to_bits());
        let root = zero(0.0, 10.0, 60, |x| x * x - 2.0);
        assert!((root - sqrt(2.0)).abs() < 1e-12);
        assert_eq!(
            median(alloc::vec![3.0, 1.0, 2.0]).to_bits(),
            2.0_f64.to_bits()
        );
        assert_eq!(median(Vec::new()).to_bits(), 0.0_f64.to_bits());
    }
}
