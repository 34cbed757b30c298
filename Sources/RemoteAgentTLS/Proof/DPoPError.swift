/// Why a DPoP proof is not accepted, in the order in which it is looked at (PROTOCOL section 3).
package enum DPoPError: Error, Sendable, Equatable, CustomStringConvertible {
  case malformed(String)
  case badSignature
  case wrongMethod
  case wrongURL
  /// The nonce is missing or stale: the device may try again with a fresh one.
  case nonceNeeded
  /// `ath` is missing where a token is presented, is another token's, or stands where none is presented.
  case wrongToken

  package var description: String {
    switch self {
    case .malformed(let why): "the proof is malformed: \(why)"
    case .badSignature: "the proof's signature is not good"
    case .wrongMethod: "the proof is for another method"
    case .wrongURL: "the proof is for another URL"
    case .nonceNeeded: "the proof needs a fresh nonce"
    case .wrongToken: "the proof is not for this token"
    }
  }
}
