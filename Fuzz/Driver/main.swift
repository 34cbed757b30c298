// usage: fuzz --target=NAME [what libFuzzer takes]
//
// libFuzzer leaves alone what begins with two dashes, and hands it on to the processes that it starts.
import Glibc

var count = CommandLine.argc
var arguments = CommandLine.unsafeArgv
exit(runDriver(&count, &arguments, testOneInput))
