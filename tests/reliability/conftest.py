from tests.reliability.drill import broken

__all__ = ["broken"]
