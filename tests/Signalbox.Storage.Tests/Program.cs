using Signalbox.Storage.Tests;
using Xunit.Runner.InProc.SystemConsole;

// The tests, or one of the processes that the tests start and kill.
return Child.Play() ?? await ConsoleRunner.Run(args);
