/// The signals that a hub can name in a `signal` control, without SIG.
package enum ControlSignal: String, Sendable, CaseIterable {
  case hup = "HUP"
  case int = "INT"
  case quit = "QUIT"
  case kill = "KILL"
  case usr1 = "USR1"
  case usr2 = "USR2"
  case alrm = "ALRM"
  case term = "TERM"
  case cont = "CONT"
  case stop = "STOP"
  case tstp = "TSTP"
  case winch = "WINCH"
}
