"""Stand-in for MicroPython's machine module: pins that do nothing."""


class Pin:
    IN, OUT, PULL_UP, PULL_DOWN = range(4)

    def __init__(self, number, *arguments, **keywords):
        self.number, self.level = number, 0

    def value(self, level=None):
        if level is None:
            return self.level
        self.level = level

    def on(self):
        self.level = 1

    def off(self):
        self.level = 0
