/// Where a device's secrets are to be kept: `ra-pair --store`.
package enum StoreChoice: String, Sendable, CaseIterable {
  /// The keyring if it takes them without asking and gives them back, else the file.
  case auto
  case keychain
  case file
}

/// Where a credential's secrets are: `store` in its entry.
package enum StoreKind: String, Sendable {
  /// macOS's Keychain, or the Secret Service of a desktop.
  case keychain
  /// Sealed, in the entry itself.
  case file
}
