import java.util.*;

public class Main {
    public static void main(String[] words) throws Exception {
        Scanner in = new Scanner(System.in);
        int sum = in.nextInt() + in.nextInt();
        List<Object> all = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            java.nio.ByteBuffer one = java.nio.ByteBuffer.allocateDirect(1 << 24);
            for (int k = 0; k < 1 << 24; k += 4096) one.put(k, (byte) 1);
            all.add(one);
        }
        System.out.println(sum);
    }
}
