#if canImport(Security)
  import Foundation
  import Security

  /// macOS's login keychain: an item that this user's programs read once the user has logged in after a start.
  struct Keychain: Keyring {
    private static let service = "remote-agent"

    var name: String { "the Keychain" }

    func probe() throws(KeyringFailure) {
      let item = KeyringItem(hub: "", clientId: "probe")
      try store([0], in: item)
      try remove(item)
    }

    func store(_ secret: [UInt8], in item: KeyringItem) throws(KeyringFailure) {
      var query = query(for: item)
      let status = SecItemUpdate(query as CFDictionary, [kSecValueData: Data(secret)] as CFDictionary)
      guard status == errSecItemNotFound else { return try check(status) }
      query[kSecAttrLabel] = item.label
      query[kSecAttrAccessible] = kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly
      query[kSecValueData] = Data(secret)
      try check(SecItemAdd(query as CFDictionary, nil))
    }

    func secret(of item: KeyringItem) throws(KeyringFailure) -> [UInt8] {
      var query = query(for: item)
      query[kSecReturnData] = true
      query[kSecMatchLimit] = kSecMatchLimitOne
      var found: CFTypeRef?
      try check(SecItemCopyMatching(query as CFDictionary, &found))
      guard let data = found as? Data else { throw .failed("it gave something else than data") }
      return Array(data)
    }

    func remove(_ item: KeyringItem) throws(KeyringFailure) {
      try check(SecItemDelete(query(for: item) as CFDictionary))
    }

    private func query(for item: KeyringItem) -> [CFString: Any] {
      // A dialog that nobody answers would hold a cron job for ever. The login keychain heeds this, newer ones the query.
      SecKeychainSetUserInteractionAllowed(false)
      return [
        kSecClass: kSecClassGenericPassword, kSecAttrService: Keychain.service,
        kSecAttrAccount: "\(item.clientId) \(item.hub)",
        kSecUseAuthenticationUI: kSecUseAuthenticationUIFail,
      ]
    }

    private func check(_ status: OSStatus) throws(KeyringFailure) {
      switch status {
      case errSecSuccess: return
      case errSecItemNotFound: throw .notFound
      case errSecInteractionNotAllowed, errSecAuthFailed: throw .locked
      case errSecNoDefaultKeychain, errSecNoSuchKeychain: throw .noDefault
      case errSecNotAvailable: throw .noService
      default: throw .failed(SecCopyErrorMessageString(status, nil).map { $0 as String } ?? "status \(status)")
      }
    }
  }
#endif
