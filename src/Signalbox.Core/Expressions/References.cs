namespace Signalbox.Core.Expressions;

/// <summary>A path of names that a template uses, such as <c>tasks.extract.result</c>.</summary>
/// <param name="Path">The root name and the constant attributes behind it; ends at the first part that is computed. <c>ti.xcom_pull(task_ids='x')</c> is given as tasks, x, result too.</param>
/// <param name="IsOptional">True where the expression provides for its absence: under <c>default</c>, <c>is defined</c> and the like.</param>
/// <param name="Offset">UTF-16 units from the start of the template's text.</param>
/// <param name="Length">Of the path as written.</param>
/// <param name="Line">1-based.</param>
/// <param name="Column">1-based.</param>
public sealed record TemplateReference(ImmutableArray<string> Path, bool IsOptional, int Offset, int Length, int Line, int Column)
{
    public string Root => Path[0];

    public override string ToString() => string.Join('.', Path);
}

/// <summary>Walks expressions and collects the paths.</summary>
internal sealed class ReferenceFinder(string text)
{
    private readonly ImmutableArray<TemplateReference>.Builder _found = ImmutableArray.CreateBuilder<TemplateReference>();

    public ImmutableArray<TemplateReference> Found() => _found.DrainToImmutable();

    /// <summary>The constant path a node stands for, or null when it is not one.</summary>
    public static ImmutableArray<string>? PathOf(Node node)
    {
        var names = new Stack<string>();
        var current = node;
        while (current is AttributeNode attribute)
        {
            names.Push(attribute.Name);
            current = attribute.Target;
        }

        if (current is not NameNode root)
        {
            return null;
        }

        names.Push(root.Name);
        return [.. names];
    }

    public void Visit(Node? node, bool optional)
    {
        switch (node)
        {
            case NameNode or AttributeNode when PathOf(node) is { } path:
                Add(path, node, optional);
                break;
            case AttributeNode attribute:
                Visit(attribute.Target, optional);
                break;
            case IndexNode index:
                Visit(index.Target, optional);
                Visit(index.Index, optional);
                break;
            case SliceNode slice:
                Visit(slice.Target, optional);
                Visit(slice.From, optional);
                Visit(slice.To, optional);
                break;
            case ListNode list:
                VisitAll(list.Items, optional);
                break;
            case MapNode map:
                VisitAll(map.Keys, optional);
                VisitAll(map.Values, optional);
                break;
            case NotNode not:
                Visit(not.Operand, optional);
                break;
            case NegateNode negate:
                Visit(negate.Operand, optional);
                break;
            case ArithmeticNode arithmetic:
                Visit(arithmetic.Left, optional);
                Visit(arithmetic.Right, optional);
                break;
            case LogicNode logic:
                Visit(logic.Left, optional);
                Visit(logic.Right, optional);
                break;
            case CompareNode compare:
                VisitAll(compare.Operands, optional);
                break;
            case ConditionalNode conditional:
                Visit(conditional.Then, optional);
                Visit(conditional.Condition, optional);
                Visit(conditional.Otherwise, optional);
                break;
            case TestNode test:
                Visit(test.Operand, optional || Tests.AcceptsMissing(test.Test));
                break;
            case CallNode call:
                Visit(call.Receiver, optional || Functions.AcceptsMissing(call.Function));
                VisitArguments(call.Arguments, optional);
                break;
            case DynamicCallNode call:
                VisitCall(call, optional);
                break;
        }
    }

    private void VisitAll(Node[] nodes, bool optional)
    {
        foreach (var node in nodes)
        {
            Visit(node, optional);
        }
    }

    private void VisitArguments(Arguments arguments, bool optional)
    {
        VisitAll(arguments.Positional, optional);
        VisitAll(arguments.Named, optional);
    }

    private void VisitCall(DynamicCallNode call, bool optional)
    {
        var callee = (AttributeNode)call.Callee;
        if (callee.Name == TemplateNames.XComPull)
        {
            VisitXComPull(call, optional);
        }
        else if (
            callee.Name == "get"
            && PathOf(callee.Target) is { } target
            && call.Arguments.Positional is [LiteralNode { Value: Value.Text key }, ..]
        )
        {
            Add(target.Add(key.Content), call, optional: true);
        }
        else
        {
            // The last name is a method of a value or a function of a namespace; what can be unknown is what stands before it.
            Visit(callee.Target, optional);
        }

        VisitArguments(call.Arguments, optional);
    }

    private void VisitXComPull(DynamicCallNode call, bool optional)
    {
        Visit(call.Callee, optional);
        var named = Array.IndexOf(call.Arguments.Names, "task_ids");
        var tasks = named >= 0 ? call.Arguments.Named[named] : call.Arguments.Positional.FirstOrDefault();
        if (tasks is null)
        {
            return;
        }

        foreach (var task in tasks is ListNode list ? list.Items : [tasks])
        {
            if (task is LiteralNode { Value: Value.Text name })
            {
                Add([TemplateNames.Tasks, name.Content, TemplateNames.Result], task, optional);
            }
        }
    }

    private void Add(ImmutableArray<string> path, Node node, bool optional)
    {
        var place = TemplateError.At(text, node.Start, node.End, "");
        _found.Add(new TemplateReference(path, optional, place.Offset, place.Length, place.Line, place.Column));
    }
}
