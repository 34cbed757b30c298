// How many lines and bytes a second go through the pure parts: framing, wrapping, replay, scanning, the hub's session.
//
//     RA_ONLY=filters RA_BENCHMARKS=1 swift run -c release envelope-benchmark [TOTAL-MEGABYTES]
//
// Prints one line a measurement: the best of five rounds, in one thread, from memory to memory.

// Core needs libm, which comes with it.
import Glibc
import RemoteAgentCore

let megabytes = CommandLine.arguments.dropFirst().first.flatMap(Int.init) ?? 16
let shapes = [
  Shape(name: "short", content: "[12:04:51] compiling module 17 of 230"),
  Shape(name: "escapes", content: #"error: expected "}" in C:\temp\a.c, got "\t""#),
  Shape(
    name: "json",
    content: #"{"type":"assistant","message":{"role":"assistant","content":[{"type":"text","text":"ok"}]}}"#),
  Shape(name: "long", content: String(repeating: "the quick brown fox jumps over the lazy dog; ", count: 100)),
]
print("one thread, \(megabytes) MB of input a round, best of five")
for shape in shapes { Measurement(shape: shape, bytes: megabytes << 20).run() }
