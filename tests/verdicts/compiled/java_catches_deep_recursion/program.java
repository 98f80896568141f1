import java.util.*;

public class Main {
    static int deep(int n) { return deep(n + 1) + 1; }
    public static void main(String[] words) throws Exception {
        Scanner in = new Scanner(System.in);
        int sum = in.nextInt() + in.nextInt();
        try { deep(0); } catch (Throwable all) { }
        System.out.println(sum);
    }
}
