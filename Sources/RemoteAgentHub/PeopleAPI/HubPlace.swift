/// How a hub is reached.
package struct HubPlace: Sendable, Equatable {
  /// `https://host:port`, for devices and people.
  package let url: String
  /// `http://127.0.0.1:port` of `--http-loopback`.
  package let localURL: String?
  /// The file of the certificate that a device must trust; nil for the system's.
  package let caPath: String?

  package init(url: String, localURL: String?, caPath: String?) {
    self.url = url
    self.localURL = localURL
    self.caPath = caPath
  }

  /// The URL that signs a browser in. The token is in the fragment, which is sent to nobody.
  package func link(token: String, isLocal: Bool) -> String {
    "\((isLocal ? localURL : nil) ?? url)/sign-in#\(token)"
  }

  /// Where somebody decides of a device that asks to be paired (RFC 8628 section 3.2); with its code, if there is one, in the
  /// fragment, for the page to show.
  package func verificationURL(userCode: String?) -> String {
    "\(url)/pair" + (userCode.map { "#\($0)" } ?? "")
  }

  /// What pairs a device on the hub's own machine.
  package func localCommand(code: String) -> String {
    let ca = caPath.map { "--ca \(ShellWord.quoted($0)) " } ?? ""
    return "ra-pair --hub \(ShellWord.quoted(url)) \(ca)\(code)"
  }

  /// What pairs a device on any machine: the certificate to trust comes with it.
  ///
  /// - Parameter ca: the PEM text.
  package func command(code: String, ca: String?) -> String {
    guard let ca else { return "ra-pair --hub \(ShellWord.quoted(url)) \(code)" }
    return
      "ra-pair --hub \(ShellWord.quoted(url)) --ca /dev/stdin \(code) <<'CA'\n\(ca.hasSuffix("\n") ? ca : ca + "\n")CA\n"
  }
}
