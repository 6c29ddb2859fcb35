"""Check digits of GS1 keys (GS1 General Specifications, section 7.9)."""


def check_digit(digits: str) -> str:
    """The digit (mod 10, weights 3 and 1 from the right) that completes these. Raises ValueError for no digits."""
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"not digits: {digits}")
    total = sum(map(int, digits[::-2])) * 3 + sum(map(int, digits[-2::-2]))
    return str(-total % 10)


def checks(digits: str) -> bool:
    """Whether the last digit is the check digit of those before it."""
    return len(digits) > 1 and digits.isascii() and digits.isdigit() and check_digit(digits[:-1]) == digits[-1]
