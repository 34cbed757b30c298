#if !canImport(Security)
  import CPosix
  import Glibc
  import RemoteAgentProcess

  /// The Secret Service of a desktop (gnome-keyring, KWallet, KeePassXC), through libsecret where it is installed.
  struct SecretService: Keyring {
    /// Milliseconds for each call; a service may have to be started first.
    static let patience: Int32 = 10_000

    let bus: SessionBus

    var name: String { "the Secret Service" }

    func probe() throws(KeyringFailure) {
      _ = try perform(CPOSIX_SECRET_PROBE, KeyringItem(hub: "", clientId: ""), secret: [])
    }

    func store(_ secret: [UInt8], in item: KeyringItem) throws(KeyringFailure) {
      _ = try perform(CPOSIX_SECRET_STORE, item, secret: secret)
    }

    func secret(of item: KeyringItem) throws(KeyringFailure) -> [UInt8] {
      try perform(CPOSIX_SECRET_LOOK_UP, item, secret: [])
    }

    func remove(_ item: KeyringItem) throws(KeyringFailure) {
      _ = try perform(CPOSIX_SECRET_CLEAR, item, secret: [])
    }

    private func perform(
      _ task: cposix_secret_task, _ item: KeyringItem, secret: [UInt8]
    ) throws(KeyringFailure) -> [UInt8] {
      let address: String?
      switch bus {
      case .environment: address = nil
      case .at(let found): address = found
      case .none(let place): throw .noBus(place)
      }
      var answer = [UInt8](repeating: 0, count: 64 << 10)
      var secret = secret + [0]
      defer {
        explicit_bzero(&answer, answer.count)
        explicit_bzero(&secret, secret.count)
      }
      let result = call(task, address, item, secret: secret, answer: &answer)
      let said = Array(answer.prefix { $0 != 0 })
      switch cposix_secret_result(UInt32(result)) {
      case CPOSIX_SECRET_DONE: return said
      case CPOSIX_SECRET_NOT_FOUND: throw .notFound
      case CPOSIX_SECRET_LOCKED: throw .locked
      case CPOSIX_SECRET_NO_DEFAULT: throw .noDefault
      case CPOSIX_SECRET_NO_LIBRARY: throw .noLibrary
      case CPOSIX_SECRET_NO_BUS: throw .noBus(address ?? "the address in DBUS_SESSION_BUS_ADDRESS")
      case CPOSIX_SECRET_NO_SERVICE: throw .noService
      case CPOSIX_SECRET_TOO_LATE: throw .tooLate(milliseconds: Int64(SecretService.patience))
      default: throw .failed(said.isEmpty ? "it could not be asked" : String(decoding: said, as: UTF8.self))
      }
    }

    private func call(
      _ task: cposix_secret_task, _ address: String?, _ item: KeyringItem, secret: [UInt8], answer: inout [UInt8]
    ) -> Int32 {
      let texts: [String] = [item.label, "hub", item.hub, "device", item.clientId]
      let words = texts.map { strdup($0) }
      defer { for word in words { free(word) } }
      var described = cposix_secret_item()
      described.label = UnsafePointer(words[0])
      described.names = (UnsafePointer(words[1]), UnsafePointer(words[3]), nil)
      described.values = (UnsafePointer(words[2]), UnsafePointer(words[4]), nil)
      return secret.withUnsafeBytes { secret in
        answer.withUnsafeMutableBytes { answer in
          cposix_secret(
            Int32(task.rawValue), address, &described, secret.assumingMemoryBound(to: CChar.self).baseAddress,
            SecretService.patience, answer.assumingMemoryBound(to: CChar.self).baseAddress, answer.count)
        }
      }
    }
  }
#endif
