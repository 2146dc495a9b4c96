namespace Signalbox.Engine.Linting;

/// <summary>Where the lines of a text begin.</summary>
internal sealed class TextLines
{
    private readonly List<int> _starts = [0];

    public TextLines(string text)
    {
        for (var i = text.IndexOf('\n'); i >= 0; i = text.IndexOf('\n', i + 1))
        {
            _starts.Add(i + 1);
        }
    }

    /// <summary>Line and column of a position, both from 1.</summary>
    public (int Line, int Column) Place(int position)
    {
        var found = _starts.BinarySearch(position);
        var line = found >= 0 ? found : ~found - 1;
        return (line + 1, position - _starts[line] + 1);
    }

    /// <summary>Where a line, from 1, begins.</summary>
    public int Position(int line) => _starts[Math.Clamp(line - 1, 0, _starts.Count - 1)];
}
