"""Running code in compute sessions: cases, steps, input, output."""
