/// Where a hub's folder is, when several may be.
package enum HubLocation {
  /// The folder that was named; or else `RA_HUB_DATA`; or else `remote-agent/hub` in `XDG_STATE_HOME` (only an absolute one
  /// counts, by the XDG specification), or in `.local/state` of the home folder. Nil if no home folder is known.
  ///
  /// - Parameter home: the home folder by the password database, for want of `HOME`.
  package static func path(given: String?, environment: (String) -> String?, home: String?) -> String? {
    if let given, !given.isEmpty { return given }
    if let data = environment("RA_HUB_DATA"), !data.isEmpty { return data }
    if let state = environment("XDG_STATE_HOME"), state.hasPrefix("/") { return state + "/remote-agent/hub" }
    let named = environment("HOME").flatMap { $0.hasPrefix("/") ? $0 : nil }
    return (named ?? home).map { $0 + "/.local/state/remote-agent/hub" }
  }
}
