using System.Text.Json;
using Mutants;

if (args is ["observe" or "work", var name, var assembly, var habits, var list, ..])
{
    var target = Target.All.First(target => target.Name == name);
    if (args[0] == "observe")
    {
        Worker.Observe(target, assembly, int.Parse(args[5]), habits);
    }
    else
    {
        var mutants = JsonSerializer.Deserialize<List<Mutant>>(File.ReadAllText(list))!;
        new Worker(target, assembly).Work(habits, mutants.ToDictionary(mutant => mutant.Number));
    }

    return 0;
}

if (args.FirstOrDefault(given => !Target.All.Any(target => target.Name == given)) is { } unknown)
{
    Console.Error.WriteLine($"`{unknown}` is none of {string.Join(", ", Target.All.Select(target => target.Name))}");
    return 2;
}

var results = Target.Results;
foreach (var target in Target.All.Where(target => args.Length == 0 || args.Contains(target.Name)))
{
    var verdicts = new Foreman(target, Path.Combine(results, target.Name)).Try(workers: 2);
    File.WriteAllText(Path.Combine(results, target.Name + ".json"), JsonSerializer.Serialize(verdicts));
    Console.WriteLine(
        $"{target.Name}: {verdicts.Count} mutants; "
            + string.Join(", ", verdicts.GroupBy(verdict => verdict.Fate).Select(group => $"{group.Key} {group.Count()}"))
    );
}

return Report.Write(results);
