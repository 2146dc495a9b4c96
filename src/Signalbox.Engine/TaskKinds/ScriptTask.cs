using System.Collections.Immutable;
using Signalbox.Core.Definitions;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Executors;

namespace Signalbox.Engine.TaskKinds;

/// <summary>
/// <c>python:</c> and <c>shell:</c>: an inline script. It is handed over as a file, exactly as written: a script reads its environment,
/// and no value is ever pasted into code.
/// </summary>
internal static class ScriptTask
{
    public static Work Prepare(TaskKind.Script kind, AttemptContext context)
    {
        var isPython = kind.Interpreter.StartsWith("python", StringComparison.Ordinal);
        var file = context.ReportFile(isPython ? "script.py" : "script.sh");
        File.WriteAllText(file, kind.Text);

        // Python looks for modules beside the script; an inline one stands, for its author, in the project folder.
        var environment = isPython
            ? ImmutableDictionary<string, string>.Empty.Add("PYTHONPATH", context.Parts.Project.Folder)
            : ImmutableDictionary<string, string>.Empty;
        return new Work.Command(new CommandSpec.Arguments([kind.Interpreter, file]), environment);
    }
}
