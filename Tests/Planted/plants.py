"""Bugs of the kind that loses lines, or lies about them: what they are, where they are planted, and by which change."""
import typing


class Plant(typing.NamedTuple):
    name: str
    file: str
    # What stands there, once, and what takes its place.
    changes: typing.List[typing.Tuple[str, str]]


CORE = "Sources/RemoteAgentCore/Session"

PLANTS = [
    Plant(
        "the hub acknowledges before the commit", f"{CORE}/HubSession+Messages.swift", [
            (
                "    effects.append(.store(finished))\n",
                "    durable = finished.lastSeq\n"
                "    acknowledge()\n"
                "    effects.append(.store(finished))\n"),
        ]),
    Plant(
        "the device's cursor is one too far", f"{CORE}/ReplayBuffer.swift", [
            (
                "    if cursor >= first { pass(cursor - first + 1) }\n",
                "    if cursor >= first { pass(min(cursor - first + 2, count)) }\n"),
        ]),
    Plant(
        "the replay begins one too far", f"{CORE}/ReplayBuffer.swift", [
            (
                "    pass(min(max(0, min(cursor, highestEverSent) - oldest + 1), count))\n",
                "    pass(min(max(0, min(cursor, highestEverSent) - oldest + 2), count))\n"),
        ]),
    Plant(
        "the close of a connection that was given up is honoured", f"{CORE}/DeviceSession+Connection.swift", [
            (
                "    case .idle, .waiting, .connecting, .finished: return\n"
                "    case .closing: return finish",
                "    case .idle, .waiting, .finished: return\n"
                "    case .connecting: break\n"
                "    case .closing: return finish"),
        ]),
    Plant(
        "the end of a replaced connection is honoured", "Sources/RemoteAgentHub/Registry/SessionRegistry.swift", [
            (
                "    guard live[row]?.connection === connection else { return false }\n",
                "    guard live[row] != nil else { return false }\n"),
        ]),
    Plant(
        "a torn or damaged record is accepted", "Sources/RemoteAgentCore/Spool/SpoolRecord.swift", [
            (
                "    guard checksum == UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)),\n"
                "      let record",
                "    _ = checksum\n"
                "    guard\n"
                "      let record"),
        ]),
    Plant(
        "a duplicate is stored", f"{CORE}/HubSession+Messages.swift", [
            (
                "    } else if seq != batch.last + 1 {\n",
                "    } else if seq > batch.last + 1 {\n"),
            (
                "    guard seq > batch.last else {\n"
                "      owesAcknowledgement = true\n"
                "      return\n"
                "    }\n",
                ""),
        ]),
    Plant(
        "a loss before the first hello is no gap", f"{CORE}/ReplayBuffer.swift", [
            (
                "    if first == nil { skipped += count }\n",
                ""),
        ]),
    Plant(
        "a control that comes again is applied again", "Sources/RemoteAgentProcess/Spawn/SpawnSession+Controls.swift", [
            (
                "    guard control.seq > lastControl else { return }\n",
                ""),
        ]),
]
