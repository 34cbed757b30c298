import RemoteAgentProcess

func readFile(_ path: String) throws -> [UInt8] { try AtomicFile.read(path, limit: 64 << 20) }

func writeFile(_ path: String, _ bytes: [UInt8]) throws { try AtomicFile.write(bytes, to: path, mode: 0o600) }
