Console.WriteLine("signalbox");
